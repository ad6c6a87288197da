using System.Globalization;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;

namespace Orchestrator.Cli.Commands;

/// <summary>Plain tables: they read the same in a terminal, in a pipe and in a log.</summary>
internal static class Tables
{
    /// <summary>Prints rows below their heads; a head that begins with <c>#</c> marks a column of numbers.</summary>
    public static void Print(Streams streams, string[] heads, IEnumerable<string[]> rows)
    {
        var body = rows.ToList();
        var titles = heads.Select(h => h.TrimStart('#')).ToArray();
        var widths = titles.Select((t, i) => body.Select(r => r[i].Length).Append(t.Length).Max()).ToArray();
        foreach (var row in body.Prepend(titles))
        {
            var cells = row.Select((cell, i) => heads[i][0] == '#' ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            streams.Out.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}

/// <summary>A job's result as a table.</summary>
internal static class ResultTable
{
    public static void Print(Streams streams, JobResult result)
    {
        streams.Out.WriteLine();
        streams.Out.WriteLine($"{result.Id}  {result.Name}  {WireNames.Of(result.State)}{(result.Error is null ? "" : $": {result.Error}")}");
        if (result.Evaluation is { } evaluation)
        {
            EvaluationTable.Print(streams, evaluation);
        }
        else
        {
            PrintSamples(streams, result);
        }

        streams.Out.WriteLine($"phases: {string.Join(", ", result.Timings.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Phase} {t.Seconds:F1} s ({t.Shards} shards)")))}");
        streams.Out.WriteLine($"output: {result.Output}");
    }

    private static void PrintSamples(Streams streams, JobResult result)
    {
        var counts = result.Counts;
        var rows = new List<string[]> { Row("read", counts.Read), Row("kept", counts.Kept), Row("rejected", counts.Rejected) };
        rows.AddRange(counts.RejectedBy.OrderByDescending(r => r.Value).Select(r => Row("  " + r.Key, r.Value)));
        rows.InsertRange(2, counts.Captions.OrderByDescending(c => c.Key).Select(c => Row($"  {c.Key} captions", c.Value)));
        rows.Add(Row("duplicate", counts.Duplicate));
        rows.Add(Row("quarantined", counts.Quarantined));
        rows.AddRange(counts.QuarantinedBy.OrderByDescending(r => r.Value).Select(r => Row("  " + r.Key, r.Value)));
        Tables.Print(streams, ["samples", "#count"], rows);
        streams.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{counts.Kept:N0} kept + {counts.Rejected:N0} rejected + {counts.Duplicate:N0} duplicate + {counts.Quarantined:N0} quarantined = {counts.Read:N0} read: {(counts.Balanced ? "adds up" : "DOES NOT ADD UP")}"));
        foreach (var problem in result.InputShards.Problems)
        {
            streams.Out.WriteLine($"{problem.Shard} ({problem.Input}) {problem.State}: {problem.Error}");
        }
    }

    private static string[] Row(string name, long count) => [name, count.ToString("N0", CultureInfo.InvariantCulture)];
}
