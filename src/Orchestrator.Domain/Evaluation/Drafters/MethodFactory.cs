using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>From a document's method to its drafter and verifier: the one place where they are matched.</summary>
public static class MethodFactory
{
    /// <summary>The drafter of one request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="models">What it runs on.</param>
    /// <param name="sampling">At temperature 0 a sampled tree would be a chain: the law has one token. The likeliest children stand in.</param>
    public static IDrafter Drafter(MethodOptions method, IMethodModels models, SamplingOptions sampling) => method switch
    {
        BaselineOptions => new NoDrafter(),
        DraftModelOptions m => new ChainDrafter(models.Network(m), m.Chain.Policy(), m.Draw == "greedy", m.StopBelow),
        DraftTreeOptions m when sampling.IsGreedy => new StaticTreeDrafter(models.Network(m), ShapeOf(m, models)),
        DraftTreeOptions m => new DraftTreeDrafter(
            models.Network(m), ShapeOf(m, models), m.Verifier == "sequoia" ? DraftDraw.WithoutReplacement : DraftDraw.Independent),
        MedusaOptions m => Medusa(m, models),
        EagleOptions m => Eagle(m, models.Network(m)),
        MtpOptions m => models.Heads(m) is { } heads
            ? new MedusaDrafter(heads, TreeShape.Chain(m.Depth))
            : new ChainDrafter(models.Network(m), new FixedGamma(m.Depth)),
        PromptLookupOptions m => new PromptLookupDrafter(m.Ngram, m.Chain.Policy(), m.LookupRule, m.MinNgram, models.EndTokens),
        RetrievalMethodOptions m => new RetrievalDrafter(models.Datastore(m), m.Retrieval),
        EarlyExitOptions m => new ChainDrafter(models.Network(m), m.Chain.Policy(), stopBelow: m.StopBelow),
        LookaheadOptions m => new LookaheadDrafter(m.Window, m.Ngram, m.Candidates),
        JacobiOptions m => new JacobiDrafter(m.Gamma),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method.Type, "This method has no drafter."),
    };

    /// <summary>The verifier that the method's proposals need.</summary>
    /// <param name="method">The method.</param>
    /// <param name="drafter">Its drafter: an MTP module is one of two kinds.</param>
    /// <param name="sampling">At temperature 0 every exact verifier is the greedy one.</param>
    public static IVerifier Verifier(MethodOptions method, IDrafter drafter, SamplingOptions sampling) => method switch
    {
        MedusaOptions { Acceptance: "typical" } m => new TypicalVerifier(epsilon: m.Epsilon, delta: m.Delta),
        _ when sampling.IsGreedy => new GreedyVerifier(),
        DraftModelOptions { Draw: "sample" } or EarlyExitOptions => new ChainVerifier(),
        MtpOptions when drafter is ChainDrafter => new ChainVerifier(),
        EagleOptions { Tree: "chain" } => new ChainVerifier(),
        DraftTreeOptions { Verifier: "sequoia" } => new SequoiaVerifier(),
        DraftTreeOptions => new SpecInferVerifier(),
        _ => new PointMassVerifier(),
    };

    private static TreeShape ShapeOf(DraftTreeOptions m, IMethodModels models) =>
        m.Branching is null ? models.MeasuredTree(m) : TreeShape.FromBranching(m.Branching);

    private static MedusaDrafter Medusa(MedusaOptions m, IMethodModels models)
    {
        var heads = models.Heads(m) ?? throw new InvalidOperationException($"The model '{m.Heads}' has no Medusa heads.");
        return new(heads, m.Tree == "measured" ? models.MeasuredTree(m) : AccuracyTree.Default(heads.Count, m.Nodes));
    }

    private static IDrafter Eagle(EagleOptions m, IDraftNetwork network) => m.Tree switch
    {
        "chain" => new ChainDrafter(network, new FixedGamma(m.Depth)),
        "static" => new StaticTreeDrafter(network, AccuracyTree.Build(
            [.. Enumerable.Repeat(AccuracyTree.DraftRanks(m.TopK), m.Depth)], m.Nodes - 1)),
        _ => new DynamicTreeDrafter(network, m.Depth, m.TopK, m.Nodes),
    };
}
