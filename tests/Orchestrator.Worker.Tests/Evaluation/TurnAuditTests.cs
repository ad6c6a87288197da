using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Worker.Evaluation;

namespace Orchestrator.Worker.Tests.Evaluation;

public sealed class TurnAuditTests
{
    private static readonly Generation[] Baseline =
    [
        Answer("a", 0, [1, 2], 1e-6), Answer("a", 1, [3], 5), Answer("a", 2, [4], 5), Answer("b", 0, [1], 5), Answer("b", 1, [2], 5),
    ];

    /// <summary>The second turn's prompt holds the first turn's answer: where that parts at a near-tie, a sure difference behind it is no error.</summary>
    [Fact]
    public void TurnsBehindANearTie_AreCountedAndNotCompared()
    {
        Generation[] method = [Answer("a", 0, [1, 9]), Answer("a", 1, [8]), Answer("a", 2, [4]), Answer("b", 0, [1]), Answer("b", 1, [2])];

        var (audits, notCompared) = ReportExecutor.Audit(Baseline, method, 1e-3);

        Assert.Equal(
            [("a", 0, GreedyKind.NearTie), ("b", 0, GreedyKind.Identical), ("b", 1, GreedyKind.Identical)],
            audits.Select(audit => (audit.Key.Prompt, audit.Key.Turn, audit.Outcome.Kind)));
        Assert.Equal(2, notCompared);
    }

    [Fact]
    public void SureDifferenceBehindEqualTurns_IsBroken()
    {
        Generation[] method = [Answer("a", 0, [1, 2]), Answer("a", 1, [8]), Answer("a", 2, [4]), Answer("b", 0, [1]), Answer("b", 1, [2])];

        var (audits, notCompared) = ReportExecutor.Audit(Baseline, method, 1e-3);

        Assert.Equal(new RequestKey("a", 1, 0), Assert.Single(audits, audit => audit.Outcome.Kind == GreedyKind.Broken).Key);
        Assert.Equal((4, 1), (audits.Count, notCompared));
    }

    private static Generation Answer(string prompt, int turn, int[] output, double margin = 5) => new(
        new RequestTrace(new RequestKey(prompt, turn, 0), "c", RequestOutcome.Ok, null, 1, 0, 0, output.Length, []), output, "", [.. output.Select(_ => margin)]);
}
