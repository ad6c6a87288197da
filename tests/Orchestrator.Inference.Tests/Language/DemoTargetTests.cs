using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Language;

/// <summary>The exports of the demo target say the same: a free mask, Optimum's mask, fused attention, trees as leaf paths.</summary>
public sealed class DemoTargetTests
{
    private const float Tolerance = 1e-4f;
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };
    private static readonly int[] Prompt = [956, 957, 20, 71, 300, 412, 9, 88, 958];

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model_fused.onnx")]
    public void Chain_OfEveryExport_EqualsTheTreeExport(string file)
    {
        using var tree = Open("decoder_tree.onnx");
        using var other = Open(file);
        using var first = new CausalSequence(tree);
        using var second = new CausalSequence(other);
        AssertClose(Last(first.Prefill(Prompt)), Last(second.Prefill(Prompt)));
        for (var step = 0; step < 4; step++)
        {
            var chain = new TokenTree(100 + step);
            AssertClose(first.Forward(chain).Row(0).ToArray(), second.Forward(chain).Row(0).ToArray());
            first.Keep([]);
            second.Keep([]);
        }
    }

    [Fact]
    public void Tree_AsABatchOfLeafPaths_EqualsOneForwardWithABias()
    {
        using var tree = Open("decoder_tree.onnx");
        using var plain = Open("model.onnx");
        using var first = new CausalSequence(tree);
        using var second = new CausalSequence(plain);
        first.Prefill(Prompt);
        second.Prefill(Prompt);
        var draft = new TokenTree(7);
        var left = draft.Add(0, 50);
        draft.Add(0, 60);
        draft.Add(draft.Add(left, 70), 80);
        draft.Add(left, 90);
        var (rows, paths) = (first.Forward(draft), second.Forward(draft));
        for (var node = 0; node < draft.Count; node++)
        {
            AssertClose(rows.Row(node).ToArray(), paths.Row(node).ToArray());
        }
    }

    private static float[] Last(Domain.Evaluation.Decoding.ILogitRows rows) => rows.Row(rows.Count - 1).ToArray();

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max(), 0, Tolerance);

    private static DecoderGraph Open(string file) => DecoderGraph.Open(Path.Combine(SampleModels.Path("lm-demo"), "onnx", file), Cpu);
}
