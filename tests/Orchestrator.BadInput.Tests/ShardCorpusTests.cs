using System.Text.Json.Nodes;
using Orchestrator.BadInput.Tests.Corpus;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Tests.Curation;

namespace Orchestrator.BadInput.Tests;

/// <summary>All odd archives as the input shards of one job, one good one among them; each must end where the corpus says.</summary>
public sealed class ShardCorpusTests(ShardCorpusTests.Run run) : IClassFixture<ShardCorpusTests.Run>
{
    private static readonly BadShard[] Shards = [.. BadShards.All];

    public static TheoryData<string> Names => [.. Shards.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Shard_EndsWhereItMust(string name)
    {
        var index = Array.FindIndex(Shards, s => s.Name == name);
        var shard = Shards[index];
        using var reader = ScorePartReader.OpenOrThrow(Path.Combine(run.Harness.Output, "scores", $"part-{index:D5}.parquet"));
        var rows = reader.ReadRows().ToList();
        var found = $"{rows.Count(r => r.State == "kept")} kept; {string.Join(", ", rows.Where(r => r.State == "quarantined").Select(r => r.Reason))}; {run.DamageOf($"{name}.tar")}";
        Assert.Equal($"{shard.Kept} kept; {string.Join(", ", shard.Quarantined)}; {shard.Damage}", found);
        Assert.Equal(rows.Count, rows.Count(r => r.State is "kept" or "quarantined"));
    }

    [Fact]
    public void Job_EndsWithFailuresAndLosesNothing()
    {
        Assert.Equal(JobState.SucceededWithFailures, run.End.State);
        Assert.Equal((2, Shards.Count(s => s.Damage is not null)), (run.Harness.Count("failedShards"), run.Harness.Count("damagedShards")));
        Assert.Equal(
            (Shards.Sum(s => s.Kept + s.Quarantined.Length) + 4, Shards.Sum(s => s.Kept) + 4, Shards.Sum(s => s.Quarantined.Length)),
            (run.Harness.Count("read"), run.Harness.Count("kept"), run.Harness.Count("quarantined")));
        Assert.Contains("missing.tar", run.Harness.Failures[$"score-{Shards.Length + 1}"].Message, StringComparison.Ordinal);
        Assert.Contains("folder.tar", run.Harness.Failures[$"score-{Shards.Length + 2}"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Job_WritesNothingOutsideItsFolder() =>
        Assert.Equal(
            [.. Shards.Select(s => $"{s.Name}.tar").Append("folder.tar").Append("good.tar").Append("out").Order(StringComparer.Ordinal)],
            Directory.EnumerateFileSystemEntries(run.Harness.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void Job_StaysInBounds() => MemoryBound.Assert(run.AllocatedBefore, allocated: 1_500_000_000, peak: 1_500_000_000);

    public sealed class Run : IAsyncLifetime
    {
        internal CurationHarness Harness { get; } = new();

        internal PhaseStep.End End { get; private set; } = null!;

        internal long AllocatedBefore { get; private set; }

        internal string? DamageOf(string shard) => Harness.Quarantine().Select(l => JsonNode.Parse(l)!)
            .Where(l => (string?)l["shard"] == shard && l["key"] is null).Select(l => ((string)l["error"]!)["shard-".Length..]).SingleOrDefault();

        public async ValueTask InitializeAsync()
        {
            foreach (var shard in Shards)
            {
                await File.WriteAllBytesAsync(Path.Combine(Harness.Root, $"{shard.Name}.tar"), shard.Bytes);
            }

            Tars.Write(Path.Combine(Harness.Root, "good.tar"), Tars.Good(0, 4, 4));
            Directory.CreateDirectory(Path.Combine(Harness.Root, "folder.tar"));
            AllocatedBefore = GC.GetTotalAllocatedBytes();
            End = await Harness.RunAsync(
                """
                { "kind": "curation", "name": "t", "input": { "shards": ["*.tar"] },
                  "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "bright", "as": "clip" } ], "output": { "path": "x" } }
                """,
                [.. Shards.Select(s => $"{s.Name}.tar"), "good.tar", "missing.tar", "folder.tar"]);
        }

        public ValueTask DisposeAsync()
        {
            Harness.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
