using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>The known classes of error, each as one method that a certificate must catch. They exist in tests alone.</summary>
internal static class NegativeControls
{
    public static IReadOnlyList<Subject> All { get; } =
    [
        new("A greedy token, softmax q in the ratio", draft => new MisreportedChain(new ScriptedDraft(draft), 2, greedy: true), new ChainVerifier(), 2),
        new("B raw q reported, processed q drawn", draft => new MisreportedChain(new ScriptedDraft(draft), 2, greedy: false), new ChainVerifier(), 2),
        new("C bonus from unprocessed logits", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(1)), new RawBonusVerifier(), 1),
        new("D siblings without replacement, stale q", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.WithoutReplacement), new WrongSiblingsVerifier(updateP: true), 1),
        new("E p not updated after a sibling's rejection", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.Independent), new WrongSiblingsVerifier(updateP: false), 1),
        new("F rows of a tree attend to their cousins", draft => new DraftTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [1, 0]]), DraftDraw.Independent), new SpecInferVerifier(), 2)
        {
            Sequence = model => new CausalMask(model),
            Seeds = 3,
        },
        new("G rejected rows stay in the cache", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(1)), new ChainVerifier(), 1)
        {
            Sequence = model => new StaleCache(model),
        },
        new("H tokens behind the end token counted", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)), new ChainVerifier(), 2)
        {
            EndTokens = new HashSet<int> { 3 },
            DecoderEndTokens = new HashSet<int>(),
        },
        new("top-3 chosen, softmax q in the ratio", draft => new TopThreeAsDrawn(new ScriptedDraft(draft)), new WrongSiblingsVerifier(updateP: true), 1),
    ];

    /// <summary>The verifier of controls D and E.</summary>
    public static IVerifier WrongSiblings(bool updateP) => new WrongSiblingsVerifier(updateP);

    private sealed class CausalMask(ScriptedModel model) : ScriptedSequence(model)
    {
        protected override IEnumerable<int> Attended(TokenTree tree, int node) => Enumerable.Range(0, node + 1).Select(tree.Token);
    }

    private sealed class StaleCache(ScriptedModel model) : ScriptedSequence(model)
    {
        protected override IEnumerable<int> Kept(TokenTree tree, int[] path) => Enumerable.Range(0, tree.Count).Select(tree.Token);
    }
}
