using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Curation;

public sealed class CurationPlanTests
{
    private static readonly Dictionary<string, long> NoTally = [];
    private readonly CurationPlan plan = new();

    [Fact]
    public void Next_EveryPhaseCommitted_WalksToSucceeded()
    {
        var score = Drained("score", 3, 3);
        Assert.Equal(("decide", 1), Started(plan.Next(Document(null), [score])));
        var decide = new PhaseSummary("decide", 1, 1, 0, 0, new Dictionary<string, long> { ["plan.outputTars"] = 2, ["plan.parts"] = 3 });
        var write = Assert.IsType<PhaseStep.Start>(plan.Next(Document(null), [score, decide]));
        Assert.Equal(5, write.Shards.Count);
        Assert.Equal("""{"kind":"tar","index":1}""", write.Shards[1].Payload);
        Assert.Equal("""{"kind":"part","index":0}""", write.Shards[2].Payload);
        Assert.Equal([0, 1, 2, 3, 4], write.Shards.Select(s => s.Index));
        var written = Drained("write", 5, 5);
        Assert.Equal(("publish", 1), Started(plan.Next(Document(null), [score, decide, written])));
        Assert.Equal(new PhaseStep.End(JobState.Succeeded), plan.Next(Document(null), [score, decide, written, Drained("publish", 1, 1)]));
    }

    [Theory]
    [InlineData(null, 1, true)]
    [InlineData(1, 1, true)]
    [InlineData(0, 1, false)]
    [InlineData(null, 3, false)]
    public void Next_InputShardsFailed_GoesOnWithinTheLimit(int? limit, int failed, bool goesOn)
    {
        var step = plan.Next(Document(limit), [Drained("score", 3, 3 - failed)]);
        Assert.Equal(goesOn, step is PhaseStep.Start);
        Assert.True(goesOn || step is PhaseStep.End { State: JobState.Failed, Error.Length: > 0 });
    }

    [Fact]
    public void Next_NothingButDamagedShards_FailsTheJob()
    {
        var score = new PhaseSummary("score", 2, 2, 0, 0, new Dictionary<string, long> { ["read"] = 0, ["damagedShards"] = 2 });
        var end = Assert.IsType<PhaseStep.End>(plan.Next(Document(null), [score]));
        Assert.Equal((JobState.Failed, "No sample could be read: 2 of 2 input shards are damaged."), (end.State, end.Error));
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    public void Next_EndOfAJobWithLosses_SaysSo(int committed, long damaged)
    {
        var score = new PhaseSummary("score", 3, committed, 3 - committed, 0, new Dictionary<string, long> { ["damagedShards"] = damaged });
        Assert.Equal(
            new PhaseStep.End(JobState.SucceededWithFailures),
            plan.Next(Document(null), [score, Drained("decide", 1, 1), Drained("write", 1, 1), Drained("publish", 1, 1)]));
    }

    [Theory]
    [InlineData("decide")]
    [InlineData("write")]
    [InlineData("publish")]
    public void Next_LaterPhaseLosesAShard_FailsTheJob(string phase) =>
        Assert.Equal(JobState.Failed, Assert.IsType<PhaseStep.End>(plan.Next(Document(null), [Drained("score", 1, 1), Drained(phase, 2, 1)])).State);

    private static PhaseSummary Drained(string phase, int total, int committed) => new(phase, total, committed, total - committed, 0, NoTally);

    private static (string Phase, int Shards) Started(PhaseStep step)
    {
        var start = Assert.IsType<PhaseStep.Start>(step);
        return (start.Phase, start.Shards.Count);
    }

    private static string Document(int? limit) => $$"""
        {"kind":"curation","name":"n","input":{"shards":["a.tar"]},"stages":[{"type":"basic-filter"}],
         "output":{"path":"o"},"limits":{"maxFailedShards":{{limit?.ToString() ?? "null"}}} }
        """;
}
