using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Domain.Tests.Curation.Selection;

public sealed class ScoreHistogramTests
{
    private static readonly Arbitrary<float> Finite = ArbMap.Default.GeneratorFor<float>().Where(float.IsFinite).ToArbitrary();

    [Property(MaxTest = 1000)]
    public Property Image_SortsLikeTheScore() => Prop.ForAll(Finite, Finite, (a, b) =>
        ScoreHistogram.ImageOf(a).CompareTo(ScoreHistogram.ImageOf(b)) == (a == b ? 0 : a < b ? -1 : 1));

    [Property(MaxTest = 1000)]
    public Property Image_LeadsBackToTheScore() => Prop.ForAll(Finite, score => ScoreHistogram.ScoreOf(ScoreHistogram.ImageOf(score)) == score);

    [Fact]
    public void Image_OfBothZeros_IsOne() => Assert.Equal(ScoreHistogram.ImageOf(0f), ScoreHistogram.ImageOf(-0f));

    [Property(MaxTest = 40)]
    public Property Merge_OfParts_IsTheHistogramOfAll() => Prop.ForAll(ArbMap.Default.ArbFor<float[][]>(), parts =>
    {
        var whole = new ScoreHistogram();
        var merged = new ScoreHistogram();
        foreach (var part in parts)
        {
            whole.Add(part);
            var own = new ScoreHistogram();
            own.Add(part);
            merged.Merge(own);
        }

        var sorted = parts.SelectMany(p => p).Where(float.IsFinite).OrderDescending().ToArray();
        Assert.Equal(sorted.Length, merged.Total);
        for (var rank = 1; rank <= sorted.Length; rank++)
        {
            Assert.Equal(whole.Locate(rank), merged.Locate(rank));
            Assert.Equal((int)(ScoreHistogram.ImageOf(sorted[rank - 1]) >> 16), merged.Locate(rank).Bin);
        }
    });

    [Fact]
    public void Merge_OfDifferentBins_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new ScoreHistogram().Merge(new ScoreHistogram(7)));
}
