using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference.Sessions;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Samples.PoolGenerator.Captions;
using Orchestrator.Samples.PoolGenerator.Shards;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>The demo models on a pool that no model was trained on, through the product's own phases.</summary>
public sealed class DemoModelTests
{
    private const int HeldOutSeed = 4004;

    [Fact]
    public async Task ClipDemo_HeldOutPool_SeparatesMatchedFromSwappedCaptions()
    {
        var models = new ScoringModels(new ModelCatalog([RepositoryFolder.PathOf("samples", "models")]), new InferenceOptions { IntraOpThreads = 1 });
        using var harness = new CurationHarness(models);
        var pool = await PoolWriter.WriteAsync(
            Path.Combine(harness.Root, "pool"), new PoolOptions { Shards = 2, Seed = HeldOutSeed }, TestContext.Current.CancellationToken);
        await harness.RunAsync(
            """
            { "kind": "curation", "name": "auc", "input": { "shards": ["pool/*.tar"] },
              "stages": [ { "type": "clip-score", "model": "clip-demo", "as": "clip" } ],
              "select": { "by": "clip", "min": 0.5 }, "output": { "path": "x" } }
            """,
            "pool/00000000.tar",
            "pool/00000001.tar");

        var truth = TruthLine.Read(pool.TruthPath).ToDictionary(line => line.Key);
        var scored = Enumerable.Range(0, 2).SelectMany(part => Rows(Path.Combine(harness.Output, "scores", $"part-{part:D5}.parquet")))
            .Where(row => row.Signals[0] is not null)
            .Select(row => (Score: row.Signals[0]!.Value, Truth: truth[row.Key]))
            .ToList();
        var matched = scored.Where(s => s.Truth.Matched).Select(s => s.Score).ToList();
        var swapped = scored.Where(s => s.Truth.Defect == DefectKind.SwappedCaption).Select(s => s.Score).ToList();
        Assert.True(matched.Count > 200 && swapped.Count > 30, $"{matched.Count} matched, {swapped.Count} swapped");
        Assert.InRange(AreaUnderCurve(matched, swapped), 0.95, 1);
    }

    /// <summary>The three figures that model stages are held to, by the generator's truth: CapFilt's two, and the precision of DFN's best 15 %.</summary>
    [Fact]
    public async Task ModelStages_HeldOutPool_RemoveSwappedCaptionsAndAddTrueOnes()
    {
        using var models = new ScoringModels(new ModelCatalog([RepositoryFolder.PathOf("samples", "models")]), new InferenceOptions { IntraOpThreads = 1 });
        using var harness = new CurationHarness(models);
        var pool = await PoolWriter.WriteAsync(
            Path.Combine(harness.Root, "pool"), new PoolOptions { Shards = 3, Seed = HeldOutSeed }, TestContext.Current.CancellationToken);
        var end = await harness.RunAsync(
            """
            { "kind": "curation", "name": "capfilt", "input": { "shards": ["pool/*.tar"] },
              "stages": [ { "type": "basic-filter" }, { "type": "dfn-score", "model": "dfn-demo" },
                          { "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo", "maxLength": 44 } ],
              "output": { "path": "x" } }
            """,
            "pool/00000000.tar",
            "pool/00000001.tar",
            "pool/00000002.tar");
        Assert.True(end.State == JobState.Succeeded, string.Join(';', harness.Failures.Values.Select(f => f.Message)));

        var verdict = CurationVerdict.Of(TruthLine.Read(pool.TruthPath), [.. Enumerable.Range(0, 3).SelectMany(part => Rows(Path.Combine(harness.Output, "scores", $"part-{part:D5}.parquet"))).Select(Curated)]);
        TestContext.Current.TestOutputHelper?.WriteLine(verdict.ToString());
        Assert.True(verdict is { SwappedRemoved: { All: > 60, Value: >= 0.9 }, AddedTrue: { All: > 400, Value: >= 0.8 }, TopTrue: { All: > 80, Value: >= 0.98 } }, verdict.ToString());

        // The judge itself against the generator, whose captions of a scene are true and whose wrong ones are not.
        Assert.All(TruthLine.Read(pool.TruthPath), line => Assert.True(CaptionTruth.IsTrue(line.TrueCaption, line.Scene), line.TrueCaption));
        Assert.All(
            TruthLine.Read(pool.TruthPath).Where(l => l.Defect is DefectKind.SwappedCaption or DefectKind.PartialTruth or DefectKind.BoilerplateCaption),
            line => Assert.False(CaptionTruth.IsTrue(line.Caption!, line.Scene), line.Caption));

        // Each text that passed is a sample of the output, and nothing else is.
        Assert.Equal(verdict.Web.All + verdict.Synthetic.All, CurationJobTests.ReadOutput(harness).Count);
    }

    private static CuratedSample Curated(ScoreRow row)
    {
        var kept = CapFiltRule.OriginsOf(row.Tags[1]);
        return new(row.Key, row.State == SampleStates.Kept, kept.HasFlag(CaptionOrigins.Web), kept.HasFlag(CaptionOrigins.Synthetic) ? row.Tags[0] : null, row.Signals[2] ?? float.NaN);
    }

    [Fact]
    public void AreaUnderCurve_HandMadeScores_CountsOrderedPairsAndHalvesTies() => Assert.Equal(4.0 / 6, AreaUnderCurve([3, 2, 1], [1, 2]));

    /// <summary>Share of (positive, negative) pairs in the right order; a tie is half a pair.</summary>
    private static double AreaUnderCurve(List<float> positive, List<float> negative) =>
        positive.Sum(p => negative.Sum(n => p > n ? 1 : p == n ? 0.5 : 0)) / ((double)positive.Count * negative.Count);

    private static List<ScoreRow> Rows(string part)
    {
        using var reader = ScorePartReader.Open(part).Value;
        return [.. reader.ReadRows()];
    }
}
