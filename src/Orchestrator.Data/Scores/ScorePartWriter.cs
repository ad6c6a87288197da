using ParquetSharp;

namespace Orchestrator.Data.Scores;

/// <summary>Writes a score part as Parquet: rows gather into groups, so memory is one group. Not thread-safe.</summary>
/// <remarks>The bytes depend on schema, rows and group size alone: fixed creator, no times, Zstandard at a fixed level.</remarks>
public sealed class ScorePartWriter : IDisposable
{
    /// <summary>Rows in a group unless told otherwise.</summary>
    public const int DefaultGroupRows = 10_000;

    private const int ZstdLevel = 3;

    private readonly ScoreSchema _schema;
    private readonly int _groupRows;
    private readonly ParquetFileWriter _file;
    private readonly List<ScoreRow> _rows = [];

    /// <param name="output">Receives the file; forward writes only, stays open.</param>
    /// <param name="schema">Columns.</param>
    /// <param name="groupRows">Rows in a group, at least 1. Default 10,000.</param>
    public ScorePartWriter(Stream output, ScoreSchema schema, int groupRows = DefaultGroupRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupRows, 1);
        (_schema, _groupRows) = (schema, groupRows);
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(Compression.Zstd).CompressionLevel(ZstdLevel).CreatedBy("orchestrator").DisableDictionary();
        foreach (var name in (string[])[ScoreColumn.Shard, ScoreColumn.State, ScoreColumn.Reason, ScoreColumn.OutputShard, .. schema.Tags])
        {
            builder.EnableDictionary(name);
        }

        using var properties = builder.Build();
        // The row number is the only column that can never be absent; the rest stays nullable, as SQL readers expect of text.
        Column[] columns =
        [
            new Column<string>(ScoreColumn.Shard), new Column<long>(ScoreColumn.Row), new Column<string>(ScoreColumn.Key),
            new Column<string>(ScoreColumn.Uid), new Column<int?>(ScoreColumn.Width), new Column<int?>(ScoreColumn.Height),
            new Column<long>(ScoreColumn.ImageBytes), new Column<string>(ScoreColumn.Text),
            .. schema.Signals.Select(name => new Column<float?>(name)),
            .. schema.Tags.Select(name => new Column<string>(name)),
            new Column<string>(ScoreColumn.State), new Column<string>(ScoreColumn.Reason),
            new Column<string>(ScoreColumn.OutputShard), new Column<string>(ScoreColumn.OutputKey),
        ];
        _file = new ParquetFileWriter(output, columns, null, properties, null, leaveOpen: true);
    }

    /// <summary>Rows given so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Adds a row. A row that does not fit the schema is a bug and throws.</summary>
    public void Append(ScoreRow row)
    {
        if (row.Signals.Count != _schema.Signals.Count || row.Tags.Count != _schema.Tags.Count)
        {
            throw new ArgumentException(
                $"The schema has {_schema.Signals.Count} signals and {_schema.Tags.Count} tags, the row {row.Signals.Count} and {row.Tags.Count}.", nameof(row));
        }

        _rows.Add(row);
        Rows++;
        if (_rows.Count == _groupRows)
        {
            Flush();
        }
    }

    /// <summary>Writes what is gathered and the footer. Without it the file cannot be read.</summary>
    public void Finish()
    {
        Flush();
        _file.Close();
    }

    public void Dispose() => _file.Dispose();

    private void Flush()
    {
        if (_rows.Count == 0)
        {
            return;
        }

        using var group = _file.AppendRowGroup();
        Put(group, r => r.Shard);
        Put(group, r => r.Row);
        Put(group, r => r.Key);
        Put(group, r => r.Uid);
        Put(group, r => r.Width);
        Put(group, r => r.Height);
        Put(group, r => r.ImageBytes);
        Put(group, r => r.Text);
        for (var i = 0; i < _schema.Signals.Count; i++)
        {
            var signal = i;
            Put(group, r => r.Signals[signal]);
        }

        for (var i = 0; i < _schema.Tags.Count; i++)
        {
            var tag = i;
            Put(group, r => r.Tags[tag]);
        }

        Put(group, r => r.State);
        Put(group, r => r.Reason);
        Put(group, r => r.OutputShard);
        Put(group, r => r.OutputKey);
        _rows.Clear();
    }

    private void Put<T>(RowGroupWriter group, Func<ScoreRow, T> value)
    {
        var values = new T[_rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = value(_rows[i]);
        }

        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch(values);
    }
}
