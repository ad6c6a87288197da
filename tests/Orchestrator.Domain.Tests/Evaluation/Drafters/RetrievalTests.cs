using FsCheck.Xunit;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Tests.Evaluation.Drafters;

public sealed class RetrievalTests
{
    [Property(MaxTest = 500)]
    public void Build_AnyDocuments_SortsTheirSuffixes(byte[][] raw)
    {
        var array = SuffixArray.Build([.. raw.Select(d => d.Select(b => b % 3).ToArray())]);
        var tokens = array.Tokens.ToArray();
        var naive = Enumerable.Range(0, tokens.Length)
            .Order(Comparer<int>.Create((a, b) => tokens.AsSpan(a).SequenceCompareTo(tokens.AsSpan(b))));
        Assert.Equal(naive, array.Suffixes.ToArray());
    }

    [Property(MaxTest = 500)]
    public void Find_AnyPhrase_IsEveryPlace(byte[] raw, byte[] rawPhrase)
    {
        int[] document = [.. raw.Select(b => b % 3)];
        int[] phrase = [.. rawPhrase.Take(3).Select(b => b % 3), 1];
        var array = SuffixArray.Build([document]);
        var (first, count) = array.Find(phrase);
        var places = Enumerable.Range(first, count).Select(rank => array.Suffixes.Span[rank]).Order();
        Assert.Equal(Enumerable.Range(0, Math.Max(0, document.Length - phrase.Length + 1)).Where(at => document[at..(at + phrase.Length)].SequenceEqual(phrase)), places);
    }

    [Fact]
    public void Build_LongRepetitions_Sorts()
    {
        var stream = new SeededStream(4);
        int[] document = [.. Enumerable.Repeat(5, 3000), .. Enumerable.Range(0, 3000).Select(_ => stream.NextInt32(2)), .. Enumerable.Repeat(5, 3000)];
        var array = SuffixArray.Build([document]);
        var tokens = array.Tokens.ToArray();
        var suffixes = array.Suffixes.ToArray();
        Assert.Equal(tokens.Length, suffixes.Distinct().Count());
        Assert.All(suffixes.Zip(suffixes.Skip(1)), pair => Assert.True(tokens.AsSpan(pair.First).SequenceCompareTo(tokens.AsSpan(pair.Second)) < 0));
    }

    /// <summary>After 1 2: 3 4 twice, 3 5 once, 6 once. The end of a document ends a continuation.</summary>
    [Fact]
    public void Propose_Counts_OrderTheTree()
    {
        var store = SuffixArray.Build([[1, 2, 3, 4, 9], [0, 1, 2, 3, 5], [1, 2, 3, 4], [1, 2, 6], [7, 2, 8, 8, 8]]);
        Assert.Equal([(1, 3), (2, 4), (1, 6), (2, 5)], Tree(store, new(2), [9, 1, 2]));
        Assert.Equal([(1, 3), (2, 4)], Tree(store, new(2, Nodes: 2), [5, 1, 2]));
        // 4 2 is unknown, 2 alone is too short a phrase, then it is not.
        Assert.Empty(Tree(store, new(2), [4, 2]));
        Assert.Contains((1, 8), Tree(store, new(2, MinSpan: 1), [4, 2]));
    }

    /// <summary>The longest phrase wins: after 7 2 only 8 follows, though 3 is more frequent after 2.</summary>
    [Fact]
    public void Propose_LongestPhrase_Wins()
    {
        var store = SuffixArray.Build([[1, 2, 3], [5, 2, 3], [7, 2, 8]]);
        Assert.Equal([(1, 8)], Tree(store, new(4, MinSpan: 1), [7, 2]));
        Assert.Equal([(1, 3), (1, 8)], Tree(store, new(4, MinSpan: 1), [6, 2]));
    }

    /// <summary>Of too many places, evenly spaced ones are read: rare continuations at both ends of the order are seen.</summary>
    [Fact]
    public void Propose_ManyHits_AreSpaced()
    {
        var store = SuffixArray.Build([.. Enumerable.Range(0, 100).Select(i => new[] { 1, 2, 10 + i })]);
        var tokens = Tree(store, new(1, Nodes: 5, MaxHits: 5), [1, 2]).Select(n => n.Token);
        Assert.Equal([10, 30, 50, 70, 90], tokens.Order());
    }

    [Fact]
    public void SuffixArray_DamagedParts_AreRefused() => Assert.Throws<ArgumentException>(() => new SuffixArray([1, 2], [0]));

    private static List<(int Depth, int Token)> Tree(SuffixArray store, RetrievalOptions options, int[] text)
    {
        using var proposal = new RetrievalDrafter(store, options).Propose(DecodedText.After(text, SamplingOptions.Greedy), new SeededChance(new SeededStream(0)));
        return [.. Enumerable.Range(1, proposal.Tree.Candidates).Select(n => (proposal.Tree.Depth(n), proposal.Tree.Token(n)))];
    }
}
