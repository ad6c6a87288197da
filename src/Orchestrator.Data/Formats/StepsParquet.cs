using Orchestrator.Domain.Evaluation.Tracing;
using ParquetSharp;

namespace Orchestrator.Data.Formats;

/// <summary>
/// The step trace as Parquet, a row a round: <c>cell prompt category turn sample step</c>, the counts of
/// <see cref="StepTrace"/>, and in the speed lane its five durations in microseconds. Fixed creator, no times: equal traces
/// give equal bytes.
/// </summary>
public static class StepsParquet
{
    private const int ZstdLevel = 3;
    private static readonly string[] Counts = ["drafted", "tree_nodes", "depth", "accepted", "evaluated", "emitted", "truncated"];
    private static readonly string[] Durations = ["draft_us", "verify_us", "accept_us", "cache_us", "host_us"];

    /// <summary>Writes one cell's rounds.</summary>
    /// <param name="output">Receives the file; stays open.</param>
    /// <param name="cell">The cell's id.</param>
    /// <param name="traces">In the order of their keys.</param>
    /// <param name="timings">Whether durations are columns too.</param>
    public static void Write(Stream output, string cell, IReadOnlyList<RequestTrace> traces, bool timings)
    {
        using var builder = new WriterPropertiesBuilder();
        using var properties = builder.Compression(Compression.Zstd).CompressionLevel(ZstdLevel).CreatedBy("orchestrator").Build();
        Column[] columns =
        [
            new Column<string>("cell"), new Column<string>("prompt"), new Column<string>("category"), new Column<int>("turn"), new Column<int>("sample"),
            new Column<int>("step"), .. Counts.Select(name => new Column<int>(name)), new Column<bool>("bonus"),
            .. timings ? Durations.Select(name => new Column<long>(name)) : [],
        ];
        using var file = new ParquetFileWriter(output, columns, null, properties, null, leaveOpen: true);
        using (var group = file.AppendRowGroup())
        {
            var rows = traces.SelectMany(trace => trace.Steps.Select((step, index) => (Trace: trace, Step: step, Index: index))).ToList();
            Put(group, rows.Select(_ => cell));
            Put(group, rows.Select(r => r.Trace.Key.Prompt));
            Put(group, rows.Select(r => r.Trace.Category));
            Put(group, rows.Select(r => r.Trace.Key.Turn));
            Put(group, rows.Select(r => r.Trace.Key.Sample));
            Put(group, rows.Select(r => r.Index));
            Put(group, rows.Select(r => r.Step.Drafted));
            Put(group, rows.Select(r => r.Step.TreeNodes));
            Put(group, rows.Select(r => r.Step.Depth));
            Put(group, rows.Select(r => r.Step.Accepted));
            Put(group, rows.Select(r => r.Step.Evaluated));
            Put(group, rows.Select(r => r.Step.Emitted));
            Put(group, rows.Select(r => r.Step.Truncated));
            Put(group, rows.Select(r => r.Step.Bonus));
            if (timings)
            {
                Put(group, rows.Select(r => r.Step.DraftMicroseconds));
                Put(group, rows.Select(r => r.Step.VerifyMicroseconds));
                Put(group, rows.Select(r => r.Step.AcceptMicroseconds));
                Put(group, rows.Select(r => r.Step.CacheMicroseconds));
                Put(group, rows.Select(r => r.Step.HostMicroseconds));
            }
        }

        file.Close();
    }

    private static void Put<T>(RowGroupWriter group, IEnumerable<T> values)
    {
        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch([.. values]);
    }
}
