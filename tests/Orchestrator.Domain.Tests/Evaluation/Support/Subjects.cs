using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>Correct methods, one of each verifier and kind of proposal.</summary>
internal static class Subjects
{
    public static IReadOnlyList<Subject> Lossless { get; } =
    [
        new("baseline", _ => new NoDrafter(), new PointMassVerifier(), 1),
        new("chain", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)), new ChainVerifier(), 2),
        new("chain, stopped by confidence", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2), stopBelow: 0.5), new ChainVerifier(), 2),
        new("chain under sequoia", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)), new SequoiaVerifier(), 2),
        new("greedy chain, point mass", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(3), greedy: true), new PointMassVerifier(), 3),
        new("sampled chain, point mass", draft => new ChainDrafter(new ScriptedDraft(draft), new FixedGamma(2)), new PointMassVerifier(), 2),
        new("specinfer 3", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.Independent), new SpecInferVerifier(), 1),
        new("specinfer, two levels", draft => new DraftTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [1, 0]]), DraftDraw.Independent), new SpecInferVerifier(), 2),
        new("sequoia 3", draft => new DraftTreeDrafter(new ScriptedDraft(draft), TreeShape.FromBranching([3]), DraftDraw.WithoutReplacement), new SequoiaVerifier(), 1),
        new("sequoia, two levels", draft => new DraftTreeDrafter(new ScriptedDraft(draft), new TreeShape([[0], [1], [1, 0]]), DraftDraw.WithoutReplacement), new SequoiaVerifier(), 2),
    ];
}
