using ParquetSharp;

namespace Orchestrator.Data.Scores;

/// <summary>Some columns of one row group.</summary>
public sealed class ScoreBatch
{
    private readonly IReadOnlyDictionary<string, Array> _columns;

    internal ScoreBatch(int group, long firstRow, int count, IReadOnlyDictionary<string, Array> columns) =>
        (Group, FirstRow, Count, _columns) = (group, firstRow, count, columns);

    /// <summary>Row group index.</summary>
    public int Group { get; }

    /// <summary>Index of the first row in the part, from 0. Not the <c>row</c> column.</summary>
    public long FirstRow { get; }

    /// <summary>Rows in the batch.</summary>
    public int Count { get; }

    /// <summary>A text column; null where absent.</summary>
    public string?[] Text(string name) => (string?[])_columns[name];

    /// <summary>A signal; NaN where absent.</summary>
    public float[] Signal(string name) => (float[])_columns[name];

    /// <summary><c>row</c> or <c>image_bytes</c>.</summary>
    public long[] Int64(string name) => (long[])_columns[name];

    /// <summary><c>width</c> or <c>height</c>; null where absent.</summary>
    public int?[] Int32(string name) => (int?[])_columns[name];
}

/// <summary>Reads a score part by row group, all columns or a few; memory is the chosen columns of one group. Not thread-safe.</summary>
/// <remarks>Damage met after opening is an <see cref="InvalidDataException"/> that names the file: parts are our own and committed with a digest.</remarks>
public sealed class ScorePartReader : IDisposable
{
    private readonly string _path;
    private readonly ParquetFileReader _file;
    private readonly Dictionary<string, int> _index;

    private ScorePartReader(string path, ParquetFileReader file, Dictionary<string, int> index, ScoreSchema schema) =>
        (_path, _file, _index, Schema) = (path, file, index, schema);

    /// <summary>Signals and tags found in the file.</summary>
    public ScoreSchema Schema { get; }

    /// <summary>Rows in the part.</summary>
    public long Rows => _file.FileMetaData.NumRows;

    /// <summary>Row groups in the part.</summary>
    public int Groups => _file.FileMetaData.NumRowGroups;

    /// <summary>Opens a part; a missing file, one that is not Parquet, or one without the fixed columns is a fault.</summary>
    public static Checked<ScorePartReader> Open(string path)
    {
        if (!File.Exists(path))
        {
            return new DataFault(path, null, "There is no such score part.", "Run the scoring phase again for this shard.");
        }

        ParquetFileReader? file = null;
        try
        {
            file = new ParquetFileReader(path);
            Dictionary<string, int> index = new(StringComparer.Ordinal);
            List<string> signals = [];
            List<string> tags = [];
            for (var i = 0; i < file.FileMetaData.NumColumns; i++)
            {
                var column = file.FileMetaData.Schema.Column(i);
                index[column.Name] = i;
                if (!ScoreColumn.Fixed.Contains(column.Name))
                {
                    (column.PhysicalType == PhysicalType.Float ? signals : tags).Add(column.Name);
                }
            }

            if (ScoreColumn.Fixed.FirstOrDefault(name => !index.ContainsKey(name)) is { } missing)
            {
                file.Dispose();
                return new DataFault(path, null, $"The file has no column '{missing}'.", "Give a score part written by this program.");
            }

            return new ScorePartReader(path, file, index, ScoreSchema.Create(signals, tags).Value);
        }
        catch (Exception e) when (e is ParquetException or IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return new DataFault(path, null, $"The score part cannot be read ({e.Message.ReplaceLineEndings(" ")}).", "Run the scoring phase again for this shard.");
        }
    }

    /// <summary>Opens a part of one's own; what is a fault for <see cref="Open"/> is thrown.</summary>
    /// <exception cref="InvalidDataException">As above.</exception>
    public static ScorePartReader OpenOrThrow(string path)
    {
        var opened = Open(path);
        return opened.Ok ? opened.Value : throw new InvalidDataException(opened.Fault!.ToString());
    }

    /// <summary>Reads columns group by group.</summary>
    /// <param name="columns">Fixed columns, signals or tags; an unknown name is a bug and throws.</param>
    public IEnumerable<ScoreBatch> ReadColumns(params IReadOnlyList<string> columns)
    {
        var first = 0L;
        for (var group = 0; group < Groups; group++)
        {
            var batch = ReadGroup(group, first, columns);
            yield return batch;
            first += batch.Count;
        }
    }

    /// <summary>Reads columns of one group, e.g. keys where a cut falls.</summary>
    /// <param name="group">Row group index.</param>
    /// <param name="firstRow">What <see cref="ScoreBatch.FirstRow"/> shall be.</param>
    /// <param name="columns">As in <see cref="ReadColumns"/>.</param>
    public ScoreBatch ReadGroup(int group, long firstRow, IReadOnlyList<string> columns)
    {
        try
        {
            using var reader = _file.RowGroup(group);
            var count = checked((int)reader.MetaData.NumRows);
            Dictionary<string, Array> read = new(StringComparer.Ordinal);
            foreach (var name in columns)
            {
                using var column = reader.Column(Index(name));
                read[name] = column.ColumnDescriptor.PhysicalType switch
                {
                    PhysicalType.Float => Floats(column, count),
                    PhysicalType.Int64 => Read<long>(column, count),
                    PhysicalType.Int32 => Read<int?>(column, count),
                    _ => Read<string?>(column, count),
                };
            }

            return new ScoreBatch(group, firstRow, count, read);
        }
        catch (ParquetException e)
        {
            throw new InvalidDataException($"{_path}: row group {group} cannot be read ({e.Message.ReplaceLineEndings(" ")}); run the scoring phase again for this shard.", e);
        }
    }

    /// <summary>Reads whole rows in file order.</summary>
    public IEnumerable<ScoreRow> ReadRows()
    {
        foreach (var batch in ReadColumns(AllColumns))
        {
            foreach (var row in RowsOf(batch, Enumerable.Range(0, batch.Count)))
            {
                yield return row;
            }
        }
    }

    /// <summary>Reads whole rows at some places; row groups without any of them are not read.</summary>
    /// <param name="places">Indexes in the part, from 0; others are passed over.</param>
    public IEnumerable<KeyValuePair<long, ScoreRow>> ReadRowsAt(IReadOnlySet<long> places)
    {
        var first = 0L;
        for (var group = 0; group < Groups; group++)
        {
            var count = RowsOf(group);
            int[] wanted = [.. places.Where(p => p >= first && p < first + count).Select(p => (int)(p - first)).Order()];
            if (wanted.Length > 0)
            {
                var rows = RowsOf(ReadGroup(group, first, AllColumns), wanted);
                foreach (var (at, row) in wanted.Zip(rows))
                {
                    yield return KeyValuePair.Create(first + at, row);
                }
            }

            first += count;
        }
    }

    public void Dispose() => _file.Dispose();

    private string[] AllColumns => [.. ScoreColumn.Fixed, .. Schema.Signals, .. Schema.Tags];

    private long RowsOf(int group)
    {
        using var reader = _file.RowGroup(group);
        return reader.MetaData.NumRows;
    }

    private IEnumerable<ScoreRow> RowsOf(ScoreBatch batch, IEnumerable<int> indexes)
    {
        var signals = Schema.Signals.Select(batch.Signal).ToArray();
        var tags = Schema.Tags.Select(batch.Text).ToArray();
        return indexes.Select(i => Row(batch, i, signals, tags));
    }

    private static ScoreRow Row(ScoreBatch batch, int i, float[][] signals, string?[][] tags) => new()
    {
        Shard = batch.Text(ScoreColumn.Shard)[i]!,
        Row = batch.Int64(ScoreColumn.Row)[i],
        Key = batch.Text(ScoreColumn.Key)[i]!,
        Uid = batch.Text(ScoreColumn.Uid)[i],
        Width = batch.Int32(ScoreColumn.Width)[i],
        Height = batch.Int32(ScoreColumn.Height)[i],
        ImageBytes = batch.Int64(ScoreColumn.ImageBytes)[i],
        Text = batch.Text(ScoreColumn.Text)[i],
        Signals = [.. signals.Select(s => IsAbsent(s[i]) ? (float?)null : s[i])],
        Tags = [.. tags.Select(t => t[i])],
        State = batch.Text(ScoreColumn.State)[i],
        Reason = batch.Text(ScoreColumn.Reason)[i],
        OutputShard = batch.Text(ScoreColumn.OutputShard)[i],
        OutputKey = batch.Text(ScoreColumn.OutputKey)[i],
    };

    // A stored NaN and an absent value both read as NaN in columns; this payload tells them apart for whole rows.
    private static readonly float Absent = BitConverter.UInt32BitsToSingle(0x7fc0_a85e);

    private static bool IsAbsent(float value) => BitConverter.SingleToUInt32Bits(value) == BitConverter.SingleToUInt32Bits(Absent);

    private static float[] Floats(ColumnReader column, int count) =>
        Array.ConvertAll(Read<float?>(column, count), value => value ?? Absent);

    private static T[] Read<T>(ColumnReader column, int count)
    {
        using var logical = column.LogicalReader<T>();
        return logical.ReadAll(count);
    }

    private int Index(string name) =>
        _index.TryGetValue(name, out var index) ? index : throw new ArgumentException($"{_path} has no column '{name}'.", nameof(name));
}
