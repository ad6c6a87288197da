using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Language;

/// <summary>Draft networks over the tiny decoder: rows equal those of a fresh sequence, whatever was drafted and dropped before.</summary>
public sealed class CausalDraftNetworkTests
{
    private const int Vocabulary = 13;
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };

    [Theory]
    [InlineData("decoder_tree.onnx", false)]
    [InlineData("model.onnx", true)]
    public void BeginAndExtend_AnyHistory_EqualAFreshSequence(string file, bool chainsOnly)
    {
        using var graph = Open(file);
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            using var network = new CausalDraftNetwork(graph);
            int[] text = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(Vocabulary))];
            for (var round = 0; round < 4; round++)
            {
                AssertClose(Fresh(graph, text), network.Begin(DecodedText.After(text, new SamplingOptions())).Row(0));
                var tree = new TokenTree(text[^1]);
                for (var call = 0; call < 3; call++)
                {
                    var first = tree.Count;
                    for (var i = 0; i < (chainsOnly ? 1 : 3); i++)
                    {
                        tree.Add(chainsOnly ? tree.Count - 1 : random.Next(first), random.Next(Vocabulary));
                    }

                    int[] nodes = [.. Enumerable.Range(first, tree.Count - first)];
                    var rows = network.Extend(tree, nodes);
                    for (var i = 0; i < nodes.Length; i++)
                    {
                        AssertClose(Fresh(graph, [.. text, .. tree.PathTokens(nodes[i])]), rows.Row(i));
                    }
                }

                // Some path is accepted, and another token follows.
                text = [.. text, .. tree.PathTokens(random.Next(tree.Count)), random.Next(Vocabulary)];
            }
        }
    }

    [Fact]
    public void Extend_TreeOnAPlainExport_SaysWhatToDo()
    {
        using var graph = Open("model.onnx");
        using var network = new CausalDraftNetwork(graph);
        network.Begin(DecodedText.After([1, 2], new SamplingOptions()));
        var tree = new TokenTree(2);
        tree.Add(0, 1);
        tree.Add(0, 2);
        Assert.Contains("attention_bias", Assert.Throws<NotSupportedException>(() => network.Extend(tree, [1, 2])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("decoder_tree.onnx")]
    [InlineData("model.onnx")]
    public void DraftingWithTheTargetItself_EverythingIsAcceptedAndTheOutputUnchanged(string file)
    {
        using var graph = Open(file);
        using var network = new CausalDraftNetwork(graph);
        var expected = Decode(graph, new NoDrafter(), out _);
        var drafted = Decode(graph, new ChainDrafter(network, new FixedGamma(4), greedy: true), out var steps);

        Assert.Equal(expected, drafted);
        Assert.All(steps, accepted => Assert.Equal(4, accepted));
    }

    private static int[] Decode(DecoderGraph graph, IDrafter drafter, out IReadOnlyList<int> accepted)
    {
        using var target = new CausalSequence(graph);
        var decoder = new SpeculativeDecoder(
            target, drafter, new GreedyVerifier(), new SamplingOptions { Temperature = 0 }, new DecodeLimits(31, new HashSet<int>()), new SeededChance(new SeededStream(1)), TimeProvider.System);
        decoder.Run([1, 5, 3], CancellationToken.None);
        accepted = [.. decoder.Steps.Select(step => step.Accepted)];
        return [.. decoder.Text.Output];
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
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 2e-4f);
        }
    }
}
