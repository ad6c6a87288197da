using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

/// <summary>Every known class of error is caught: by the exact certificate on every seed, by samples at the power stated.</summary>
public sealed class NegativeControlTests(ITestOutputHelper output)
{
    private const double Alpha = 1e-3;
    private const double Power = 0.99;
    private static readonly SamplingOptions Setting = new(0.7, TopK: 3, TopP: 0.98);

    public static TheoryData<string> Names => [.. NegativeControls.All.Select(s => s.Name)];

    public static TheoryData<string> LosslessNames => [.. Subjects.Lossless.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Control_EverySeed_IsCaughtExactly(string name)
    {
        var control = NegativeControls.All.Single(s => s.Name == name);
        for (var seed = 0; seed < control.Seeds; seed++)
        {
            var outcome = control.Certify(Setting, (ulong)seed);
            Assert.False(outcome.IsGreen, $"seed {seed} was not caught");
            Assert.True(outcome.TotalVariation > 1e-4, $"seed {seed}: total variation {outcome.TotalVariation}");
            output.WriteLine($"{seed}: tv {outcome.TotalVariation:G3}, first token {outcome.FirstTokenTotalVariation:G3}, divergence {outcome.Divergence:G3}");
        }
    }

    /// <summary>A bonus drawn wrongly is right in every first token: only a joint law shows it.</summary>
    [Fact]
    public void BonusControl_FirstToken_IsInnocent()
    {
        var outcome = NegativeControls.All.Single(s => s.Name.StartsWith('C')).Certify(Setting, 1);
        Assert.True(outcome.FirstTokenTotalVariation < 1e-12);
        Assert.False(outcome.IsGreen);
    }

    /// <summary>At temperature 1 without cuts, errors of processing cannot be seen: why the certificate's settings are what they are.</summary>
    [Theory]
    [InlineData("B raw q reported, processed q drawn")]
    [InlineData("C bonus from unprocessed logits")]
    public void ProcessingControl_TemperatureOne_IsInvisible(string name) =>
        Assert.True(NegativeControls.All.Single(s => s.Name == name).Certify(new SamplingOptions(), 1).IsGreen);

    [Theory]
    [MemberData(nameof(Names))]
    public void Control_SamplesForThePower_IsCaughtBySamples(string name)
    {
        var control = NegativeControls.All.Single(s => s.Name == name);
        var caught = 0;
        for (var seed = 0UL; seed < (ulong)control.Seeds; seed++)
        {
            var (law, wrong) = control.Laws(Setting, seed);
            var samples = (int)StatisticalCertificate.SamplesFor(law, wrong, Alpha, Power);
            var fit = StatisticalCertificate.AgainstLaw(control.Sample(Setting, seed, samples), law, control.Length, Alpha, Power);
            caught += fit.PValue <= Alpha ? 1 : 0;
            output.WriteLine($"{seed}: tv {law.TotalVariation(wrong):G3}, {samples} samples, p {fit.PValue:G3}, measured tv {fit.TotalVariation:G3} over a floor of {fit.NoiseFloor:G3}");
        }

        // At a power of 0.99 two or more misses of ten have a chance of 0.4 %.
        Assert.True(caught >= control.Seeds - 1, $"{caught} of {control.Seeds} caught");
    }

    /// <summary>Without cuts no outcome is forbidden, and a wrong bonus has to be found in the counts: thousands of samples, as planned.</summary>
    [Fact]
    public void BonusControl_TemperatureAlone_IsCaughtAtThePlannedSize()
    {
        var control = NegativeControls.All.Single(s => s.Name.StartsWith('C'));
        var setting = new SamplingOptions(0.7);
        for (var seed = 0UL; seed < 3; seed++)
        {
            var (law, wrong) = control.Laws(setting, seed);
            Assert.True(double.IsFinite(law.ChiSquareDivergence(wrong)));
            var samples = (int)StatisticalCertificate.SamplesFor(law, wrong, Alpha, Power);
            Assert.InRange(samples, 500, 20_000);
            Assert.True(StatisticalCertificate.AgainstLaw(control.Sample(setting, seed, samples), law, control.Length, Alpha, Power).PValue <= Alpha);
            output.WriteLine($"{seed}: tv {law.TotalVariation(wrong):G3}, {samples} samples");
        }
    }

    [Fact]
    public void CorrectMethods_TwentySeedsOfSamples_NoneIsAccused()
    {
        var cells = new List<(string, FitOutcome)>();
        foreach (var subject in Subjects.Lossless)
        {
            for (var seed = 0UL; seed < 20; seed++)
            {
                var law = subject.TargetLaw(Setting, subject.Models(seed).Target);
                cells.Add(($"{subject.Name} {seed}", StatisticalCertificate.AgainstLaw(subject.Sample(Setting, seed, 1000), law, subject.Length, Alpha, Power)));
            }
        }

        var corrected = StatisticalCertificate.Correct(cells, Alpha);
        Assert.DoesNotContain(corrected, c => c.Rejected);
        // Under equality p is uniform, and the distance is what the floor says: neither test is blind.
        Assert.InRange(cells.Average(c => c.Item2.PValue), 0.42, 0.58);
        Assert.InRange(cells.Average(c => c.Item2.TotalVariation / c.Item2.NoiseFloor), 0.93, 1.07);
    }
}
