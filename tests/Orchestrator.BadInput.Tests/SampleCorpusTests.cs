using Orchestrator.BadInput.Tests.Corpus;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Tests.Curation;

namespace Orchestrator.BadInput.Tests;

/// <summary>All odd samples in one shard between good ones, through the phases of one job; each must end where the corpus says.</summary>
public sealed class SampleCorpusTests(SampleCorpusTests.Run run) : IClassFixture<SampleCorpusTests.Run>
{
    private static readonly BadSample[] Samples = [.. BadImages.All, .. BadTexts.All];

    public static TheoryData<string> Names => [.. Samples.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Sample_EndsWhereItMust(string name)
    {
        var sample = Samples.Single(s => s.Name == name);
        var row = run.Rows.Single(r => r.Key == name);
        Assert.True(sample.End == Run.EndOf(row), $"{sample.How}: {Run.EndOf(row)} instead of {sample.End} ({run.MessageOf(name)})");
    }

    [Fact]
    public void Job_SucceedsAndLosesNothing()
    {
        Assert.Equal(JobState.Succeeded, run.End.State);
        var kept = Samples.Count(s => s.End == BadSample.Kept) + 2;
        var rejected = Samples.Count(s => s.End.StartsWith("rejected", StringComparison.Ordinal));
        Assert.Equal(
            (Samples.Length + 2, kept, rejected, Samples.Length + 2 - kept - rejected),
            (run.Harness.Count("read"), run.Harness.Count("kept"), run.Harness.Count("rejected"), run.Harness.Count("quarantined")));
        Assert.Equal(run.Harness.Count("quarantined"), run.Harness.Quarantine().Length);
    }

    [Fact]
    public void Job_StaysInBounds() => MemoryBound.Assert(run.AllocatedBefore, allocated: 1_500_000_000, peak: 1_500_000_000);

    public sealed class Run : IAsyncLifetime
    {
        internal CurationHarness Harness { get; } = new();

        internal List<ScoreRow> Rows { get; } = [];

        internal PhaseStep.End End { get; private set; } = null!;

        internal long AllocatedBefore { get; private set; }

        internal static string EndOf(ScoreRow row) => row.Reason is null ? row.State! : $"{row.State}:{row.Reason}";

        internal string MessageOf(string key) => Harness.Quarantine().FirstOrDefault(l => l.Contains($"\"{key}\"", StringComparison.Ordinal)) ?? "no quarantine line";

        public async ValueTask InitializeAsync()
        {
            var members = Samples.SelectMany(s => s.Members.Select(m => ($"{s.Name}.{m.Extension}", m.Data)));
            Tars.Write(Path.Combine(Harness.Root, "odd.tar"), [.. Tars.Sample("first", 90, "a fine grey square"), .. members, .. Tars.Sample("last", 200, "a fine grey square")]);
            AllocatedBefore = GC.GetTotalAllocatedBytes();
            End = await Harness.RunAsync(
                """
                { "kind": "curation", "name": "t", "input": { "shards": ["odd.tar"] },
                  "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "bright", "as": "clip" } ],
                  "output": { "path": "x" } }
                """,
                "odd.tar");
            using var reader = ScorePartReader.OpenOrThrow(Path.Combine(Harness.Output, "scores", "part-00000.parquet"));
            Rows.AddRange(reader.ReadRows());
        }

        public ValueTask DisposeAsync()
        {
            Harness.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
