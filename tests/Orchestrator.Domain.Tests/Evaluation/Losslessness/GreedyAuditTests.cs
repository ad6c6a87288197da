using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

public sealed class GreedyAuditTests
{
    private static readonly double[] Margins = [5, 3, 1e-5, 2];

    [Theory]
    [InlineData(new[] { 1, 2, 3, 4 }, GreedyKind.Identical, -1)]
    [InlineData(new[] { 1, 2, 9, 4 }, GreedyKind.NearTie, 2)]
    [InlineData(new[] { 1, 2, 9 }, GreedyKind.NearTie, 2)]
    [InlineData(new[] { 1, 9, 3, 4 }, GreedyKind.Broken, 1)]
    [InlineData(new[] { 1, 2 }, GreedyKind.Broken, 2)]
    [InlineData(new int[0], GreedyKind.Broken, 0)]
    [InlineData(new[] { 1, 2, 3, 4, 5 }, GreedyKind.Broken, 4)]
    public void Compare_Outputs_AreClassified(int[] method, GreedyKind kind, int divergence)
    {
        var outcome = GreedyAudit.Compare([1, 2, 3, 4], method, Margins, 1e-3);
        Assert.Equal((kind, divergence), (outcome.Kind, outcome.Divergence));
        Assert.Equal(divergence is >= 0 and < 4 ? Margins[divergence] : double.NaN, outcome.Margin);
    }

    [Fact]
    public void Compare_MissingMargins_IsAnError() => Assert.Throws<ArgumentException>(() => GreedyAudit.Compare([1, 2], [1, 2], [1], 1e-3));

    [Fact]
    public void Verdict_Greedy_IsTheWorstOfAll()
    {
        var (same, tie, broken) = (new GreedyOutcome(GreedyKind.Identical, -1, double.NaN), new GreedyOutcome(GreedyKind.NearTie, 3, 1e-6), new GreedyOutcome(GreedyKind.Broken, 5, 2));
        Assert.Equal(("identical", true), Of([same, same]));
        Assert.Equal(("near-tie", true), Of([same, tie]));
        Assert.Equal(("BROKEN", false), Of([same, tie, broken]));
        Assert.Equal(("unproven", false), Of([]));
        Assert.Contains("token 5", LosslessnessVerdict.OfGreedy([broken]).Reason, StringComparison.Ordinal);
        var (one, two) = (LosslessnessVerdict.OfGreedy([same, tie], 1), LosslessnessVerdict.OfGreedy([same, tie], 2));
        Assert.Equal(("near-tie", "near-tie"), (one.Name, two.Name));
        Assert.EndsWith("; 1 later turn follows an answer that differs and is not compared", one.Reason, StringComparison.Ordinal);
        Assert.EndsWith("; 2 later turns follow an answer that differs and are not compared", two.Reason, StringComparison.Ordinal);

        static (string, bool) Of(GreedyOutcome[] audits)
        {
            var verdict = LosslessnessVerdict.OfGreedy(audits);
            return (verdict.Name, verdict.MayRank);
        }
    }

    /// <summary>No certificate, no rank; a failed one neither; a lossy method is never exact, however good its numbers.</summary>
    [Fact]
    public void Verdict_Sampled_NeedsAGreenCertificate()
    {
        var green = new ExactOutcome(4, 100, 1e-16, 1e-16, 0);
        var red = new ExactOutcome(4, 100, 0.01, 0, 0.001);
        var fit = FitTest.AgainstLaw([500, 500], [0.5, 0.5]);
        var (calm, alarmed) = (new StatisticalCell("c", fit, 0.9, false), new StatisticalCell("c", fit, 1e-9, true));
        Assert.Equal("exact", LosslessnessVerdict.OfSampled(true, green, calm).Name);
        Assert.Equal("exact", LosslessnessVerdict.OfSampled(true, green, null).Name);
        Assert.Equal("BROKEN", LosslessnessVerdict.OfSampled(true, red, calm).Name);
        Assert.Equal("BROKEN", LosslessnessVerdict.OfSampled(true, green, alarmed).Name);
        Assert.Equal("unproven", LosslessnessVerdict.OfSampled(true, null, calm).Name);
        var measured = new RoundObservations(10, 1, 0.4, 2, 0, [], []);
        Assert.Equal("lossy", LosslessnessVerdict.OfSampled(false, green, calm, measured).Name);
        Assert.Contains("0.1", LosslessnessVerdict.OfSampled(false, red, null, measured).Reason, StringComparison.Ordinal);
        Assert.Equal("BROKEN", LosslessnessVerdict.OfSampled(true, green, calm, measured).Name);
        Assert.Equal("exact", LosslessnessVerdict.OfSampled(true, green, calm, measured with { Largest = 1e-12 }).Name);
    }

    /// <summary>Two samples of one process agree; with another process they do not.</summary>
    [Fact]
    public void AgainstBaseline_Counts_TellProcessesApart()
    {
        static IEnumerable<IReadOnlyList<int>> Outputs(ulong seed, double share)
        {
            var stream = new SeededStream(seed);
            for (var i = 0; i < 2000; i++)
            {
                yield return stream.NextDouble() < share ? [1, stream.NextInt32(4)] : [2];
            }
        }

        Assert.True(StatisticalCertificate.AgainstBaseline(Outputs(1, 0.5), Outputs(2, 0.5), 2).PValue > 1e-3);
        Assert.True(StatisticalCertificate.AgainstBaseline(Outputs(1, 0.5), Outputs(2, 0.58), 2).PValue < 1e-3);
    }

    [Fact]
    public void SequenceLaw_EndedOutputs_AreTheirOwn()
    {
        Assert.Equal(("1 2", "1.", "."), (SequenceLaw.NameOf([1, 2, 3], 2), SequenceLaw.NameOf([1], 2), SequenceLaw.NameOf([], 2)));
        var law = new SequenceLaw();
        law.Add("1 2", 0.25);
        law.Add("1 3", 0.25);
        law.Add("1.", 0.5);
        Assert.Equal([("1", 1.0)], law.Marginal(1).Outcomes.Select(o => (o.Key, o.Value)));
        Assert.Equal(0, law.TotalVariation(law));
        var other = new SequenceLaw();
        other.Add("1 2", 1);
        Assert.Equal(0.75, law.TotalVariation(other));
        Assert.Equal(double.PositiveInfinity, other.ChiSquareDivergence(law));
        Assert.Equal((0.75 * 0.75 / 0.25) + 0.25 + 0.5, law.ChiSquareDivergence(other), 1e-15);
    }
}
