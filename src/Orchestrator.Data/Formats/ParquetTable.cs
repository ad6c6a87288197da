using ParquetSharp;

namespace Orchestrator.Data.Formats;

/// <summary>Columns of a Parquet file that somebody else wrote, read by row group. Not thread-safe.</summary>
/// <remarks>What is wrong with the file is a <see cref="DataFault"/> on opening, an <see cref="InvalidDataException"/> that says the same later.</remarks>
public sealed class ParquetTable : IDisposable
{
    private readonly ParquetFileReader _file;
    private readonly Dictionary<string, int> _columns;
    private readonly string _name;
    private readonly string? _field;

    private ParquetTable(ParquetFileReader file, Dictionary<string, int> columns, string name, string? field) =>
        (_file, _columns, _name, _field) = (file, columns, name, field);

    /// <summary>Rows in the file.</summary>
    public long Rows => _file.FileMetaData.NumRows;

    /// <summary>Row groups in the file.</summary>
    public int Groups => _file.FileMetaData.NumRowGroups;

    /// <summary>Names of the columns that are not nested.</summary>
    public IReadOnlyCollection<string> Columns => _columns.Keys;

    /// <summary>Opens a file and looks for columns.</summary>
    /// <param name="path">Path on this machine.</param>
    /// <param name="name">Path for faults.</param>
    /// <param name="field">Field of the document, for faults.</param>
    /// <param name="texts">Columns that must be there and hold text.</param>
    /// <param name="numbers">Columns that must be there and hold numbers.</param>
    public static Checked<ParquetTable> Open(string path, string name, string? field, IReadOnlyList<string> texts, IReadOnlyList<string> numbers)
    {
        if (!File.Exists(path))
        {
            return new DataFault(name, field, "There is no such file.", "Check the path and that its disk is mounted.");
        }

        ParquetFileReader? file = null;
        try
        {
            file = new ParquetFileReader(path);
            var schema = file.FileMetaData.Schema;
            var columns = new Dictionary<string, int>(StringComparer.Ordinal);
            for (var i = 0; i < file.FileMetaData.NumColumns; i++)
            {
                if (schema.Column(i) is { MaxRepetitionLevel: 0 } column && column.Path.ToDotString() == column.Name)
                {
                    columns[column.Name] = i;
                }
            }

            var fault = texts.Concat(numbers).Select(wanted => FaultOf(wanted, columns, schema, name, field, numbers)).FirstOrDefault(f => f is not null);
            if (fault is not null)
            {
                file.Dispose();
                return fault;
            }

            return new ParquetTable(file, columns, name, field);
        }
        catch (Exception e) when (e is ParquetException or IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return Damaged(name, field, e);
        }
    }

    /// <summary>Text of one row group; null where absent.</summary>
    public string?[] Texts(int group, string column) => Read(group, column, (reader, count) =>
    {
        using var logical = reader.LogicalReader();
        return logical.Apply(new TextVisitor(count));
    });

    /// <summary>Numbers of one row group; NaN where absent.</summary>
    public float[] Numbers(int group, string column) => Read(group, column, (reader, count) =>
    {
        using var logical = reader.LogicalReader();
        return logical.Apply(new NumberVisitor(count));
    });

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private T[] Read<T>(int group, string column, Func<ColumnReader, int, T[]> read)
    {
        try
        {
            using var rows = _file.RowGroup(group);
            using var reader = rows.Column(_columns[column]);
            return read(reader, checked((int)rows.MetaData.NumRows));
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            throw new InvalidDataException(Damaged(_name, _field, e).ToString(), e);
        }
    }

    private static DataFault? FaultOf(string wanted, Dictionary<string, int> columns, SchemaDescriptor schema, string name, string? field, IReadOnlyList<string> numbers)
    {
        if (!columns.TryGetValue(wanted, out var index))
        {
            return new DataFault(name, field, $"The file has no column '{wanted}'.", $"Name one of its columns: {string.Join(", ", columns.Keys.Order(StringComparer.Ordinal))}.");
        }

        var column = schema.Column(index);
        var isNumber = column.PhysicalType is PhysicalType.Float or PhysicalType.Double or PhysicalType.Int32 or PhysicalType.Int64
            && column.LogicalType is NoneLogicalType or IntLogicalType;
        var isText = column.PhysicalType == PhysicalType.ByteArray && column.LogicalType is StringLogicalType or NoneLogicalType or JsonLogicalType or EnumLogicalType;
        return numbers.Contains(wanted)
            ? isNumber ? null : new DataFault(name, field, $"The column '{wanted}' holds {Kind(column)}, not numbers.", "Name a column of floats or whole numbers, or convert it.")
            : isText ? null : new DataFault(name, field, $"The column '{wanted}' holds {Kind(column)}, not text.", "Name a column of text, or convert it.");
    }

    private static string Kind(ColumnDescriptor column) => column.LogicalType is NoneLogicalType ? column.PhysicalType.ToString() : $"{column.PhysicalType} ({column.LogicalType.Type})";

    private static DataFault Damaged(string name, string? field, Exception e) =>
        new(name, field, $"The file is not whole Parquet ({e.Message.ReplaceLineEndings(" ")}).", "Fetch it again, and compare its length with the source's.");

    private sealed class TextVisitor(int count) : ILogicalColumnReaderVisitor<string?[]>
    {
        public string?[] OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> columnReader) => columnReader.ReadAll(count) switch
        {
            string?[] texts => texts,
            byte[]?[] bytes => Array.ConvertAll(bytes, b => b is null ? null : Utf8Text.TryDecode(b, out var text) ? text : null),
            var other => throw new ParquetException("type", $"a column of {other.GetType().GetElementType()} where text was expected"),
        };
    }

    private sealed class NumberVisitor(int count) : ILogicalColumnReaderVisitor<float[]>
    {
        public float[] OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> columnReader) => Array.ConvertAll(
            columnReader.ReadAll(count), value => value is null ? float.NaN : Convert.ToSingle(value, System.Globalization.CultureInfo.InvariantCulture));
    }
}
