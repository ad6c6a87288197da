using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Domain.Tests.Curation.Stages;

/// <summary>Against <c>Vectors/make_balance.py</c>, which looks for one entry after the other.</summary>
public sealed class BalanceTests
{
    [Fact]
    public void MatchAndProbability_VectorsOfTheDefinition_AreEqual()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Curation", "Vectors", "balance.json")));
        var vectors = json.RootElement;
        string[] Texts(string name) => [.. vectors.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
        var (matcher, texts) = (new EntryMatcher(Texts("entries")), Texts("texts"));
        long[] counts = [.. vectors.GetProperty("counts").EnumerateArray().Select(c => c.GetInt64())];
        for (var i = 0; i < texts.Length; i++)
        {
            var expected = vectors.GetProperty("matches")[i].EnumerateArray().Select(m => m.GetInt32()).ToArray();
            Assert.True(expected.SequenceEqual(matcher.Match(texts[i])), $"'{texts[i]}'");
            Assert.Equal(vectors.GetProperty("probabilities")[i].GetDouble(), BalanceRule.Probability(expected, counts, vectors.GetProperty("t").GetInt64()), 12);
        }
    }

    [Property(MaxTest = 300)]
    public Property Match_AnyEntriesAnyText_IsThatOfLookingForEach()
    {
        var letters = Gen.Elements("a", "b", " ", "ab", "\u00e9", ".").NonEmptyListOf().Select(l => string.Concat(l.Take(12)));
        return Prop.ForAll(letters.NonEmptyListOf().ToArbitrary(), letters.ToArbitrary(), (entries, text) =>
        {
            var spaced = $" {text.Replace(".", " . ", StringComparison.Ordinal)} ";
            var expected = entries.Select((e, i) => (e, i)).Where(p => spaced.Contains($" {p.e} ", StringComparison.Ordinal) && entries.IndexOf(p.e) == p.i).Select(p => p.i);
            Assert.Equal(expected, new EntryMatcher([.. entries]).Match(text));
        });
    }

    [Fact]
    public void Stays_OverManySamples_HappensWithItsProbability()
    {
        const int Samples = 100_000;
        var stayed = Enumerable.Range(0, Samples).Count(i => BalanceRule.Stays(0.3, seed: 5, (ulong)i, 99));

        // Six standard deviations of a binomial count.
        Assert.InRange(stayed, (0.3 * Samples) - (6 * Math.Sqrt(Samples * 0.21)), (0.3 * Samples) + (6 * Math.Sqrt(Samples * 0.21)));
        Assert.NotEqual(
            Enumerable.Range(0, 64).Select(i => BalanceRule.Stays(0.5, 5, (ulong)i, 99)), Enumerable.Range(0, 64).Select(i => BalanceRule.Stays(0.5, 6, (ulong)i, 99)));
        Assert.True(BalanceRule.Stays(1, 5, 1, 1));
        Assert.False(BalanceRule.Stays(0, 5, 1, 1));
    }
}
