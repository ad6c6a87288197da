using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Inference.Tests.Language;

/// <summary>The contract of causal sequences over a graph that takes any mask.</summary>
public sealed class TreeGraphContract : GraphContractTests
{
    protected override string File => "decoder_tree.onnx";
}

/// <summary>The same over a plain export: trees as a batch of leaf paths.</summary>
public sealed class PlainGraphContract : GraphContractTests
{
    protected override string File => "model.onnx";
}

/// <summary>Opens sequences of the tiny decoder.</summary>
public abstract class GraphContractTests : CausalSequenceContract, IDisposable
{
    private DecoderGraph? graph;

    protected abstract string File { get; }

    protected override double Tolerance => 2e-4;

    protected override ICausalSequence Open() =>
        new CausalSequence(graph ??= DecoderGraph.Open(VectorFiles.Path($"decoder-tiny/{File}"), new InferenceOptions { IntraOpThreads = 1 }));

    public void Dispose()
    {
        graph?.Dispose();
        GC.SuppressFinalize(this);
    }
}
