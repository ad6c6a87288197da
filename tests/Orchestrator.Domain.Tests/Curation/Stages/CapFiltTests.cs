using FsCheck.Xunit;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Domain.Tests.Curation.Stages;

public sealed class CapFiltTests
{
    [Theory]
    [InlineData(CapFiltKeep.Union, 0.6, 0.7, CaptionOrigins.Web | CaptionOrigins.Synthetic)]
    [InlineData(CapFiltKeep.Union, 0.5, 0.4, CaptionOrigins.Web)]
    [InlineData(CapFiltKeep.Union, 0.4, 0.5, CaptionOrigins.Synthetic)]
    [InlineData(CapFiltKeep.Union, 0.4, 0.4, CaptionOrigins.None)]
    [InlineData(CapFiltKeep.Union, 0.4, float.NaN, CaptionOrigins.None)]
    [InlineData(CapFiltKeep.Best, 0.6, 0.7, CaptionOrigins.Synthetic)]
    [InlineData(CapFiltKeep.Best, 0.7, 0.7, CaptionOrigins.Web)]
    [InlineData(CapFiltKeep.Best, 0.6, float.NaN, CaptionOrigins.Web)]
    [InlineData(CapFiltKeep.Best, 0.2, 0.3, CaptionOrigins.None)]
    [InlineData(CapFiltKeep.SyntheticWhereWebFails, 0.6, 0.9, CaptionOrigins.Web)]
    [InlineData(CapFiltKeep.SyntheticWhereWebFails, 0.4, 0.9, CaptionOrigins.Synthetic)]
    [InlineData(CapFiltKeep.SyntheticWhereWebFails, 0.4, 0.3, CaptionOrigins.None)]
    public void Judge_EachRule_KeepsWhatItSays(CapFiltKeep keep, float web, float synthetic, CaptionOrigins expected) =>
        Assert.Equal(expected, CapFiltRule.Judge(0.5, keep, web, synthetic));

    [Property]
    public void Judge_AnyScores_KeepsOnlyTextsThatPass_AndSomethingWhereOneDoes(byte web, byte synthetic, byte threshold)
    {
        var (w, s, t) = (web / 255f, synthetic / 255f, threshold / 255.0);
        foreach (var keep in Enum.GetValues<CapFiltKeep>())
        {
            var kept = CapFiltRule.Judge(t, keep, w, s);
            Assert.True(!kept.HasFlag(CaptionOrigins.Web) || w >= (float)t);
            Assert.True(!kept.HasFlag(CaptionOrigins.Synthetic) || s >= (float)t);
            Assert.Equal(w >= (float)t || s >= (float)t, kept != CaptionOrigins.None);
            Assert.Equal(kept & CapFiltRule.Judge(t, CapFiltKeep.Union, w, s), kept);
            Assert.Equal(kept, CapFiltRule.OriginsOf(CapFiltRule.TagOf(kept)));
        }
    }

    [Fact]
    public void Judge_ThresholdThatSinglePrecisionRounds_IsMetByTheStoredScore() =>
        Assert.Equal(CaptionOrigins.Web, CapFiltRule.Judge(0.1, CapFiltKeep.Union, 0.1f, 0));

    [Property]
    public void SeedOf_DependsOnJobAndSample(long seed, ulong high, ulong low)
    {
        Assert.Equal(CapFiltRule.SeedOf(seed, high, low), CapFiltRule.SeedOf(seed, high, low));
        Assert.NotEqual(CapFiltRule.SeedOf(seed, high, low), CapFiltRule.SeedOf(seed + 1, high, low));
        Assert.NotEqual(CapFiltRule.SeedOf(seed, high, low), CapFiltRule.SeedOf(seed, high, low ^ 1));
    }

    [Fact]
    public void OriginsOf_AnotherWord_IsRefused() => Assert.Throws<FormatException>(() => CapFiltRule.OriginsOf("human"));
}
