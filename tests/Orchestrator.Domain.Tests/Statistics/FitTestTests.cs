using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Tests.Statistics;

public sealed class FitTestTests
{
    private static readonly double[] Law = [0.4, 0.3, 0.15, 0.1, 0.04, 0.005, 0.004, 0.001];

    /// <summary>Mendel's peas, 556 of them against 9:3:3:1: 0.470, as in every textbook.</summary>
    [Fact]
    public void AgainstLaw_Mendel_IsTheTextbookValue()
    {
        var fit = FitTest.AgainstLaw([315, 101, 108, 32], [9 / 16.0, 3 / 16.0, 3 / 16.0, 1 / 16.0]);
        Assert.Equal((0.470, 3), (Math.Round(fit.Statistic, 3), fit.DegreesOfFreedom));
        Assert.Equal(0.925, fit.PValue, 1e-3);
    }

    /// <summary>A 2 × 2 table by hand: N(ad - bc)² / product of margins.</summary>
    [Fact]
    public void TwoSamples_TwoByTwo_IsTheHandValue()
    {
        var fit = FitTest.TwoSamples([30, 70], [90, 110]);
        Assert.Equal(300.0 * Math.Pow((30 * 110) - (70 * 90), 2) / (100.0 * 200 * 120 * 180), fit.Statistic, 1e-10);
        Assert.Equal(0.15, fit.TotalVariation, 1e-12);
    }

    [Fact]
    public void AgainstLaw_RareBins_ArePooled()
    {
        var fit = FitTest.AgainstLaw([40, 30, 15, 10, 4, 1, 0, 0], Law);
        // Expected 40, 30, 15, 10 and 5 for the pool of the rest.
        Assert.Equal(4, fit.DegreesOfFreedom);
        Assert.Equal(0, fit.Statistic, 1e-9);
    }

    [Fact]
    public void AgainstLaw_ForbiddenOutcome_HasNoExcuse() =>
        Assert.Equal(0, FitTest.AgainstLaw([500, 499, 1], [0.5, 0.5, 0]).PValue);

    [Fact]
    public void AgainstLaw_NoDrawOrBadBins_IsAnError()
    {
        Assert.Throws<ArgumentException>(() => FitTest.AgainstLaw([0, 0], [0.5, 0.5]));
        Assert.Throws<ArgumentException>(() => FitTest.AgainstLaw([1], [0.5, 0.5]));
    }

    /// <summary>Under equality: p-values above a level as often as they should be, distances at their floor.</summary>
    [Fact]
    public void BothTests_EqualLaws_KeepLevelAndFloor()
    {
        var (rejected, rejectedTwo, ratio, ratioTwo) = (0, 0, 0.0, 0.0);
        const int Runs = 600;
        for (var run = 0UL; run < Runs; run++)
        {
            var (first, second) = (Draw(Law, 800, run), Draw(Law, 1500, 10_000 + run));
            var one = FitTest.AgainstLaw(first, Law);
            var two = FitTest.TwoSamples(first, second);
            rejected += one.PValue < 0.05 ? 1 : 0;
            rejectedTwo += two.PValue < 0.05 ? 1 : 0;
            ratio += one.TotalVariation / one.NoiseFloor / Runs;
            ratioTwo += two.TotalVariation / two.NoiseFloor / Runs;
        }

        Assert.InRange(rejected, 15, 48);
        Assert.InRange(rejectedTwo, 15, 48);
        Assert.InRange(ratio, 0.95, 1.05);
        Assert.InRange(ratioTwo, 0.95, 1.05);
    }

    /// <summary>Power is what is stated: a law at a known distance is found as often as predicted.</summary>
    [Fact]
    public void SamplesFor_KnownShift_GiveThePower()
    {
        double[] shifted = [0.36, 0.32, 0.17, 0.1, 0.04, 0.005, 0.004, 0.001];
        var samples = FitTest.SamplesFor(Law, shifted, 0.01, 0.9);
        Assert.InRange(FitTest.PowerAgainst(Law, shifted, samples, 0.01), 0.9, 0.91);
        var found = 0;
        for (var run = 0UL; run < 400; run++)
        {
            found += FitTest.AgainstLaw(Draw(shifted, (int)samples, run), Law).PValue < 0.01 ? 1 : 0;
        }

        Assert.InRange(found / 400.0, 0.85, 0.95);
    }

    /// <summary>The stated detectable distance is kept for whatever direction a shift takes.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 0)]
    [InlineData(1, 4)]
    public void DetectableTotalVariation_AnyShiftThatFar_IsFound(int from, int to)
    {
        const int Samples = 20_000;
        var floor = FitTest.AgainstLaw(Draw(Law, Samples, 1), Law).DetectableTotalVariation;
        var shifted = (double[])Law.Clone();
        shifted[from] -= floor;
        shifted[to] += floor;
        Assert.All(Enumerable.Range(0, 20), run =>
            Assert.True(FitTest.AgainstLaw(Draw(shifted, Samples, 50 + (ulong)run), Law).PValue < 1e-3));
    }

    [Fact]
    public void SamplesFor_EqualLaws_IsAnError() => Assert.Throws<ArgumentException>(() => FitTest.SamplesFor(Law, Law));

    private static long[] Draw(double[] law, int count, ulong seed)
    {
        var stream = new SeededStream(seed * 7919);
        var counts = new long[law.Length];
        for (var i = 0; i < count; i++)
        {
            var (u, bin) = (stream.NextDouble(), 0);
            while (bin < law.Length - 1 && u >= law[bin])
            {
                u -= law[bin++];
            }

            counts[bin]++;
        }

        return counts;
    }
}
