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
    private const double HalfTolerance = 5e-2;

    /// <summary>Nats that a job's law of draws has where any prompt and temperature allow.</summary>
    private const double EnoughEntropy = 1.5;

    /// <summary>Controls whose law forbids nothing that they emit need their thousands of draws; these settings keep the enumeration small.</summary>
    private static readonly SamplingOptions Setting = new(0.7, TopK: 3, TopP: 0.98);

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

    /// <summary>With and without the allowance for half precision.</summary>
    public static TheoryData<string, double> NamesAndTolerances =>
        [.. NegativeControls.All.SelectMany(s => new[] { 0, HalfTolerance }.Select(tolerance => new TheoryDataRow<string, double>(s.Name, tolerance)))];

    /// <summary>
    /// The engine's rows are not the reference's to the last bits of half precision: what top-k and top-p cut differs at some
    /// prefixes. Without an allowance, one draw of a token that the reference leaves out accuses a correct method.
    /// </summary>
    [Fact]
    public void RoundingOfHalfPrecision_IsNoError()
    {
        var setting = new SamplingOptions(0.9, TopK: 4, TopP: 0.97);
        var (strict, allowed) = (new List<(string, FitOutcome)>(), new List<(string, FitOutcome)>());
        for (var seed = 0UL; seed < 100; seed++)
        {
            var (model, noise) = (new ScriptedModel(8, seed), new ScriptedModel(8, seed + 1000, HalfTolerance / 2));
            float[] Engine(IEnumerable<int> text) => [.. model.After([.. text]).Zip(noise.After([.. text]), (logit, off) => logit + off)];
            var stream = new SeededStream(seed);
            var draws = Enumerable.Range(0, 1000).Select(_ => Draw()).ToList();
            strict.Add(($"{seed}", StatisticalCertificate.AgainstBuckets(draws, PrefixLaw.Of(text => model.Law([.. text], setting), 4, new HashSet<int>(), FitTest.MinExpected / 1000))));
            allowed.Add(($"{seed}", StatisticalCertificate.AgainstBuckets(
                draws, PrefixLaw.Of(text => LawOf(model, [.. text], setting, HalfTolerance), 4, new HashSet<int>(), FitTest.MinExpected / 1000))));

            IReadOnlyList<int> Draw()
            {
                var text = new List<int>();
                while (text.Count < 4)
                {
                    var law = new double[8];
                    SamplingLaw.Fill(Engine(text), setting, [.. text], law);
                    var (token, left) = (0, stream.NextDouble());
                    while (token < 7 && (left -= law[token]) >= 0)
                    {
                        token++;
                    }

                    text.Add(token);
                }

                return text;
            }
        }

        Assert.True(strict.Count(cell => cell.Item2.PValue == 0) >= 10, "the noise must matter, or nothing is shown");
        Assert.DoesNotContain(StatisticalCertificate.Correct(allowed, Alpha), cell => cell.Rejected);
        output.WriteLine($"strict: {strict.Count(cell => cell.Item2.PValue == 0)} accused; allowed: smallest p {allowed.Min(c => c.Item2.PValue):G3}, degrees of freedom {allowed.Average(c => c.Item2.DegreesOfFreedom):F1} of {strict.Average(c => c.Item2.DegreesOfFreedom):F1}");
        Assert.True(allowed.Average(c => c.Item2.DegreesOfFreedom) > 0.6 * strict.Average(c => c.Item2.DegreesOfFreedom));
    }

    [Fact]
    public void AtCut_IsWhatRoundingMayKeepOrLeaveOut()
    {
        float[] logits = [3, 2, 1.01f, 1, 0.98f, 0];
        Assert.Equal([2, 3, 4], Of(new SamplingOptions(1, TopK: 3))!.Order());
        Assert.Empty(Of(new SamplingOptions(1, TopK: 2))!);
        Assert.Empty(Of(new SamplingOptions(1))!);

        // The best one to four have shares of 0.56, 0.77, 0.85 and 0.93 of the five.
        Assert.Equal([2, 3, 4], Of(new SamplingOptions(1, TopK: 5, TopP: 0.88))!.Order());
        Assert.Null(Of(new SamplingOptions(1, TopK: 5, TopP: 0.85)));
        var shares = logits.Take(3).Select(l => Math.Exp(l)).ToArray();
        Assert.Null(Of(new SamplingOptions(1, TopK: 3, TopP: (shares[0] + shares[1]) / shares.Sum())));

        IReadOnlySet<int>? Of(SamplingOptions options) => SamplingLaw.AtCut(logits, options, [], HalfTolerance);
    }

    [Theory]
    [MemberData(nameof(NamesAndTolerances))]
    public void Control_AtThePlannedDraws_IsCaughtByBuckets(string name, double tolerance)
    {
        var control = NegativeControls.All.Single(s => s.Name == name);
        var (caught, passedOver) = (0, 0);
        for (var seed = 0UL; seed < (ulong)control.Seeds; seed++)
        {
            var (_, wrong) = control.Laws(Setting, seed);
            var model = control.Models(seed).Target;
            var law = PrefixLaw.Of(tokens => LawOf(model, [1, 0, 2, 1, .. tokens], Setting, tolerance), control.Length, control.EndTokens, FitTest.MinExpected / 400);
            if (tolerance > 0 && law.Law.Entropy < EnoughEntropy)
            {
                // Its likeliest laws are in doubt, so it tells little apart: a job draws elsewhere.
                passedOver++;
                continue;
            }

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
        Assert.True(caught >= control.Seeds - passedOver - 1, $"{caught} of {control.Seeds - passedOver} caught");
        Assert.InRange(passedOver, 0, 1);
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

    private static TargetLaw LawOf(ScriptedModel model, int[] text, SamplingOptions options, double tolerance) =>
        new(model.Law(text, options), SamplingLaw.AtCut(model.After(text), options, text, tolerance));
}
