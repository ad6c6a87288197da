using System.Globalization;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Samples.PoolGenerator.Shards;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Cli.Commands;

/// <summary>Judges the demo's curation by the generator's truth, which the product itself never reads.</summary>
internal static class DemoVerdict
{
    /// <summary>Prints the figures.</summary>
    /// <param name="streams">Where to.</param>
    /// <param name="output">The job's output folder.</param>
    /// <param name="truthPath">The pool's <c>truth.jsonl</c>.</param>
    public static void Print(Streams streams, string output, string truthPath)
    {
        var samples = Directory.EnumerateFiles(Path.Combine(output, "scores"), "part-*.parquet").Order(StringComparer.Ordinal).SelectMany(Read).ToList();
        var verdict = CurationVerdict.Of(TruthLine.Read(truthPath), samples);
        streams.Out.WriteLine();
        Tables.Print(streams, ["judged by the generator's truth", "#share", "#samples", "of"], [
            Row("web captions in the output that are true", verdict.Web),
            Row("pictures with a true caption that the output has", verdict.Found),
            Row("synthetic captions in the output that are true", verdict.Synthetic),
            Row("capfilt: swapped captions removed", verdict.SwappedRemoved),
            Row("capfilt: synthetic captions kept that are true", verdict.AddedTrue),
            Row("dfn: true pairs in the best 15 %", verdict.TopTrue)]);
    }

    private static string[] Row(string what, ShareOf share) =>
        [what, share.Value.ToString("P1", CultureInfo.InvariantCulture), share.Count.ToString("N0", CultureInfo.InvariantCulture), share.All.ToString("N0", CultureInfo.InvariantCulture)];

    private static List<CuratedSample> Read(string part)
    {
        using var reader = ScorePartReader.OpenOrThrow(part);
        var dfn = reader.Schema.SignalIndex("dfn");
        var (caption, texts) = (reader.Schema.TagIndex(CapFiltOptions.CaptionTag), reader.Schema.TagIndex(CapFiltOptions.TextsTag));
        return [.. reader.ReadRows().Select(row =>
        {
            var kept = CapFiltRule.OriginsOf(row.Tags[texts]);
            return new CuratedSample(
                row.Key,
                row.State == SampleStates.Kept,
                kept.HasFlag(CaptionOrigins.Web),
                kept.HasFlag(CaptionOrigins.Synthetic) ? row.Tags[caption] : null,
                row.Signals[dfn] ?? float.NaN);
        })];
    }
}
