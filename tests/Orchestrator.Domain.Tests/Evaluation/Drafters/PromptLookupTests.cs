using FsCheck.Xunit;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Tests.Evaluation.Drafters;

public sealed class PromptLookupTests
{
    private static readonly IChance NoChance = new SeededChance(new SeededStream(0));

    /// <summary>1 2 occurs at 0, 3 and 6; 7 1 2 nowhere before.</summary>
    [Theory]
    [InlineData(LookupRule.HuggingFace, 3, new[] { 3, 1, 2 })]
    [InlineData(LookupRule.Earliest, 3, new[] { 3, 1, 2 })]
    [InlineData(LookupRule.Newest, 3, new[] { 5, 7, 1 })]
    public void Propose_SeveralMatches_FollowsTheRule(LookupRule rule, int ngram, int[] expected) =>
        Assert.Equal(expected, Drafted(new PromptLookupDrafter(ngram, new FixedGamma(3), rule), [1, 2, 3, 1, 2, 4, 1, 2, 5, 7, 1, 2]));

    /// <summary>A longer match wins over an earlier, shorter one.</summary>
    [Fact]
    public void Propose_LongerMatch_Wins() =>
        Assert.Equal([8, 9], Drafted(new PromptLookupDrafter(2, new FixedGamma(2), LookupRule.Earliest), [2, 6, 1, 2, 8, 9, 1, 2]));

    [Fact]
    public void Propose_MinNgram_HoldsForVllmAndNotForHuggingFace()
    {
        int[] text = [5, 1, 7, 2, 1];
        Assert.Empty(Drafted(new PromptLookupDrafter(3, new FixedGamma(2), LookupRule.Earliest, minNgram: 2), text));
        Assert.Equal([7, 2], Drafted(new PromptLookupDrafter(3, new FixedGamma(2), LookupRule.HuggingFace, minNgram: 2), text));
    }

    [Fact]
    public void Propose_EndToken_CutsHuggingFaceAlone()
    {
        int[] text = [1, 2, 9, 3, 1];
        var end = new HashSet<int> { 9 };
        Assert.Equal([2], Drafted(new PromptLookupDrafter(1, new FixedGamma(4), LookupRule.HuggingFace, endTokens: end), text));
        Assert.Equal([2, 9, 3, 1], Drafted(new PromptLookupDrafter(1, new FixedGamma(4), LookupRule.Earliest, endTokens: end), text));
    }

    /// <summary>A match may overlap the text's end; the draft stops where the text does.</summary>
    [Fact]
    public void Propose_Repetition_OverlapsItsOwnEnd() =>
        Assert.Equal([4], Drafted(new PromptLookupDrafter(2, new FixedGamma(5), LookupRule.Newest), [4, 4, 4]));

    /// <summary>By the definition, position by position.</summary>
    [Property(MaxTest = 500)]
    public void Find_AnyText_IsTheDefinition(byte[] raw, byte longest, byte shortest, bool newest)
    {
        int[] text = [.. raw.Select(b => b % 3), 1];
        var (max, min) = (1 + (longest % 4), 1 + (shortest % 2));
        var expected = -1;
        for (var n = max; n >= min && expected < 0; n--)
        {
            var ends = Enumerable.Range(n, Math.Max(0, text.Length - n))
                .Where(end => text[(end - n)..end].SequenceEqual(text[Math.Max(0, text.Length - n)..])).ToList();
            expected = ends.Count == 0 ? -1 : newest ? ends[^1] : ends[0];
        }

        Assert.Equal(expected, PromptLookupDrafter.Find(text, max, min, newest));
    }

    internal static int[] Drafted(IDrafter drafter, int[] text)
    {
        using var proposal = drafter.Propose(DecodedText.After(text, SamplingOptions.Greedy), NoChance);
        Assert.Equal(DraftDraw.Deterministic, proposal.Draw);
        Assert.True(proposal.Tree.IsChain);
        return proposal.Tree.PathTokens(proposal.Tree.Count - 1);
    }
}
