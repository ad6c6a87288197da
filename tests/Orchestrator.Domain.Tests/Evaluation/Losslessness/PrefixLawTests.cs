using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

/// <summary>The bucketed law that jobs test their draws against: exact, and as able to find errors as its stated power says.</summary>
public sealed class PrefixLawTests(ITestOutputHelper output)
{
    private const double Alpha = 1e-3;
    private const double Power = 0.99;

    /// <summary>Controls whose law forbids nothing that they emit need their thousands of draws; these settings keep the enumeration small.</summary>
    private static readonly SamplingOptions Setting = new(0.7, TopK: 3, TopP: 0.98);

    public static TheoryData<string> Names => [.. NegativeControls.All.Select(s => s.Name)];

    /// <summary>Adding up the full joint law by bucket gives the bucketed law, for any threshold and limit.</summary>
    [Theory]
    [InlineData(1e-6, 4096)]
    [InlineData(0.02, 4096)]
    [InlineData(0.2, 4096)]
    [InlineData(0.02, 3)]
    public void Law_IsTheJointLawByBucket(double least, int most)
    {
        for (var seed = 0UL; seed < 5; seed++)
        {
            var model = new ScriptedModel(5, seed);
            HashSet<int> ends = [3];
            double[] Next(IReadOnlyList<int> output) => model.Law([1, 0, .. output], new SamplingOptions(0.8));
            var full = ExactCertificate.LawOfTarget(Next, 5, ends);
            var bucketed = PrefixLaw.Of(Next, 5, ends, least, most);
            var summed = new SequenceLaw();
            foreach (var (outcome, probability) in full.Outcomes)
            {
                int[] tokens = [.. outcome.TrimEnd('.').Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
                summed.Add(bucketed.BucketOf(tokens), probability);
            }

            Assert.Equal(1, bucketed.Law.Mass, 1e-12);
            Assert.Equal(bucketed.Law.Outcomes.Keys, summed.Outcomes.Keys);
            Assert.True(bucketed.Law.TotalVariation(summed) < 1e-12);
            Assert.True(bucketed.Followed <= most);
        }
    }

    [Fact]
    public void BucketOf_OutputsThatCannotBe_HaveNoProbability()
    {
        var law = PrefixLaw.Of(_ => [0.5, 0.5, 0], 3, new HashSet<int> { 1 }, 1e-3);
        Assert.True(law.Law.Outcomes.ContainsKey(law.BucketOf([0, 1])));
        Assert.All((int[][])[[0, 1, 0], [0], [0, 2, 0]], output => Assert.False(law.Law.Outcomes.ContainsKey(law.BucketOf(output))));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Control_AtThePlannedDraws_IsCaughtByBuckets(string name)
    {
        var control = NegativeControls.All.Single(s => s.Name == name);
        var caught = 0;
        for (var seed = 0UL; seed < (ulong)control.Seeds; seed++)
        {
            var (_, wrong) = control.Laws(Setting, seed);
            var model = control.Models(seed).Target;
            var law = PrefixLaw.Of(tokens => model.Law([1, 0, 2, 1, .. tokens], Setting), control.Length, control.EndTokens, FitTest.MinExpected / 400);
            var wrongBuckets = new SequenceLaw();
            foreach (var (outcome, probability) in wrong.Outcomes)
            {
                int[] tokens = [.. outcome.TrimEnd('.').Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
                wrongBuckets.Add(law.BucketOf(tokens), probability);
            }

            var draws = (int)StatisticalCertificate.SamplesFor(law.Law, wrongBuckets, Alpha, Power);
            var fit = StatisticalCertificate.AgainstBuckets(control.Sample(Setting, seed, draws), law, Alpha, Power);
            caught += fit.PValue <= Alpha ? 1 : 0;
            output.WriteLine($"{seed}: tv {law.Law.TotalVariation(wrongBuckets):G3} in {law.Law.Outcomes.Count} buckets, {draws} draws, p {fit.PValue:G3}");
        }

        // At a power of 0.99 two or more misses of ten have a chance of 0.4 %.
        Assert.True(caught >= control.Seeds - 1, $"{caught} of {control.Seeds} caught");
    }

    [Fact]
    public void CorrectMethods_TwentySeeds_NoneIsAccused()
    {
        var setting = new SamplingOptions(0.9, TopP: 0.95);
        var cells = new List<(string, FitOutcome)>();
        foreach (var subject in Subjects.Lossless)
        {
            for (var seed = 0UL; seed < 20; seed++)
            {
                var model = subject.Models(seed).Target;
                var law = PrefixLaw.Of(tokens => model.Law([1, 0, 2, 1, .. tokens], setting), subject.Length, subject.EndTokens, FitTest.MinExpected / 500);
                cells.Add(($"{subject.Name} {seed}", StatisticalCertificate.AgainstBuckets(subject.Sample(setting, seed, 500), law, Alpha, Power)));
            }
        }

        Assert.DoesNotContain(StatisticalCertificate.Correct(cells, Alpha), cell => cell.Rejected);
        Assert.InRange(cells.Average(c => c.Item2.PValue), 0.42, 0.58);
        Assert.InRange(cells.Average(c => c.Item2.TotalVariation / c.Item2.NoiseFloor), 0.93, 1.07);
    }
}
