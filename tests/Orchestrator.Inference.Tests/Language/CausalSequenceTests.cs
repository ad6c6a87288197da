using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Language;

/// <summary>The cache's contract, against PyTorch without a cache (<c>Vectors/make_decoder_tiny.py</c>) and against fresh sequences.</summary>
public sealed class CausalSequenceTests
{
    private const int Vocabulary = 13;
    private const float Rounding = 2e-4f;
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };

    public static TheoryData<string> Graphs => ["decoder_tree.onnx", "model.onnx"];

    [Theory]
    [MemberData(nameof(Graphs))]
    public void Prefill_Texts_MatchesPyTorch(string file)
    {
        using var graph = Open(file);
        foreach (var golden in JsonDocument.Parse(File.ReadAllText(VectorFiles.Path("decoder-tiny/golden.json"))).RootElement.EnumerateArray())
        {
            var text = golden.GetProperty("text").EnumerateArray().Select(t => t.GetInt32()).ToArray();
            using var sequence = new CausalSequence(graph);
            var rows = sequence.Prefill(text);
            AssertClose([.. golden.GetProperty("logits").EnumerateArray().Select(x => x.GetSingle())], rows.Row(rows.Count - 1));
            Assert.Equal(text.Length, sequence.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Graphs))]
    public void AnyCalls_LogitsEqualThoseOfAFreshSequence(string file)
    {
        using var graph = Open(file);
        var calls = Gen.Choose(0, int.MaxValue).Select(seed => seed);
        Prop.ForAll(calls.ToArbitrary(), seed => Walk(graph, new Random(seed))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void ManyRejectedTrees_CacheStaysSmall()
    {
        using var graph = Open("decoder_tree.onnx");
        using var sequence = new CausalSequence(graph);
        sequence.Prefill([1, 2, 3]);
        var text = new List<int> { 1, 2, 3 };
        for (var round = 0; round < 60; round++)
        {
            var tree = new TokenTree(round % Vocabulary);
            for (var child = 0; child < 12; child++)
            {
                tree.Add(child % 3, child);
            }

            text.Add(tree.Token(0));
            AssertClose(Fresh(graph, [.. text]), sequence.Forward(tree).Row(0));
            sequence.Keep([]);
        }

        Assert.Equal(63, sequence.Length);
    }

    [Fact]
    public void Forward_WithoutKeep_IsRefused()
    {
        using var graph = Open("decoder_tree.onnx");
        using var sequence = new CausalSequence(graph);
        Assert.Throws<InvalidOperationException>(() => sequence.Keep([]));
        sequence.Prefill([1]);
        sequence.Forward(new TokenTree(2));
        Assert.Throws<InvalidOperationException>(() => sequence.Forward(new TokenTree(2)));
        Assert.Throws<InvalidOperationException>(() => sequence.Prefill([1]));
    }

    [Fact]
    public void HiddenStates_AreThoseOfTheNode()
    {
        using var graph = Open("decoder_tree.onnx");
        using var sequence = new CausalSequence(graph, [DecoderGraph.HiddenStates]);
        using var fresh = new CausalSequence(graph, [DecoderGraph.HiddenStates]);
        sequence.Prefill([1, 2]);
        var tree = new TokenTree(3);
        tree.Add(0, 4);
        tree.Add(0, 5);
        var rows = sequence.Forward(tree);
        var whole = fresh.Prefill([1, 2, 3, 5]);
        AssertClose(whole.Hidden(3).ToArray(), rows.Hidden(2));
        Assert.Equal(16, rows.Hidden(2).Length);
    }

    [Fact]
    public void HiddenStates_GraphWithoutThem_NamesTheOutput()
    {
        using var graph = Open("model.onnx");
        Assert.Contains("hidden_states", Assert.Throws<ModelContractException>(() => new CausalSequence(graph, [DecoderGraph.HiddenStates])).Message, StringComparison.Ordinal);
    }

    /// <summary>A random walk of trees, paths kept and rewinds; after each forward every node is compared with a fresh sequence.</summary>
    private static void Walk(DecoderGraph graph, Random random)
    {
        using var sequence = new CausalSequence(graph);
        var text = Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(Vocabulary)).ToList();
        sequence.Prefill([.. text]);
        for (var round = 0; round < 4; round++)
        {
            if (random.Next(4) == 0)
            {
                var length = random.Next(1, text.Count + 1);
                sequence.Rewind(length);
                text.RemoveRange(length, text.Count - length);
            }

            var tree = new TokenTree(random.Next(Vocabulary));
            var nodes = random.Next(0, 8);
            var isChain = random.Next(3) == 0;
            for (var i = 0; i < nodes; i++)
            {
                tree.Add(isChain ? i : random.Next(tree.Count), random.Next(Vocabulary));
            }

            var rows = sequence.Forward(tree);
            Assert.Equal(tree.Count, rows.Count);
            for (var node = 0; node < tree.Count; node++)
            {
                AssertClose(Fresh(graph, [.. text, tree.Token(0), .. tree.PathTokens(node)]), rows.Row(node));
            }

            var kept = tree.Path(random.Next(tree.Count));
            sequence.Keep(kept);
            text.Add(tree.Token(0));
            text.AddRange(kept.Select(tree.Token));
            Assert.Equal(text.Count, sequence.Length);
        }
    }

    private static float[] Fresh(DecoderGraph graph, int[] text)
    {
        using var sequence = new CausalSequence(graph);
        var rows = sequence.Prefill(text);
        return rows.Row(rows.Count - 1).ToArray();
    }

    private static DecoderGraph Open(string file) => DecoderGraph.Open(VectorFiles.Path($"decoder-tiny/{file}"), Cpu);

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Rounding * Math.Max(1, Math.Abs(expected[i])), $"at {i}: expected {expected[i]}, found {actual[i]}");
        }
    }
}
