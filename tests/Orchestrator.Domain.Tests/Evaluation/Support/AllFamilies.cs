using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>Every family over scripted models, with the verifiers that may judge it.</summary>
internal static class AllFamilies
{
    private static readonly SuffixArray Store = SuffixArray.Build([[1, 0, 2, 1, 1, 3, 0, 2, 4, 1, 2, 1, 0], [2, 1, 3, 3, 1, 0, 2, 0], [0, 0, 1, 1, 2, 2, 3, 3]]);

    public static IReadOnlyList<string> Names { get; } =
    [
        "chain", "adaptive chain", "specinfer tree", "sequoia tree", "static tree", "dynamic tree", "medusa", "prompt lookup", "retrieval", "jacobi", "lookahead",
    ];

    public static IDrafter Open(string family, ScriptedModel draft) => family switch
    {
        "chain" => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)),
        "adaptive chain" => new ChainDrafter(new ScriptedDraft(draft), new HeuristicGamma(1, 1, 3), greedy: true),
        "specinfer tree" => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([2, 1]), DraftDraw.Independent),
        "sequoia tree" => new DraftTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [0, 0]]), DraftDraw.WithoutReplacement),
        "static tree" => new StaticTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [0, 0], [0, 1], [0, 0, 0]])),
        "dynamic tree" => new DynamicTreeDrafter(new ScriptedDraft(draft), 3, 2, 6),
        "medusa" => new MedusaDrafter(new ScriptedHeads(draft, 2), new TreeShape([[0], [1], [0, 0], [1, 0]])),
        "prompt lookup" => new PromptLookupDrafter(3, new FixedGamma(3), LookupRule.Newest),
        "retrieval" => new RetrievalDrafter(Store, new RetrievalOptions(3, Nodes: 6, MinSpan: 1)),
        "jacobi" => new JacobiDrafter(3),
        "lookahead" => new LookaheadDrafter(3, 3, 2),
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };

    public static IEnumerable<IVerifier> Verifiers(string family) => family switch
    {
        "chain" => [new GreedyVerifier(), new ChainVerifier(), new SpecInferVerifier(), new SequoiaVerifier(), new PointMassVerifier()],
        "specinfer tree" => [new GreedyVerifier(), new SpecInferVerifier(), new PointMassVerifier()],
        "sequoia tree" => [new GreedyVerifier(), new SequoiaVerifier(), new PointMassVerifier()],
        _ => [new GreedyVerifier(), new PointMassVerifier()],
    };
}
