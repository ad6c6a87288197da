using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>What a verifier decided.</summary>
/// <param name="Path">Accepted nodes from below the root, each a child of the one before.</param>
/// <param name="Token">The one token emitted after the path: a bonus where the path ends at a leaf, else a correction.</param>
/// <param name="Evaluated">Candidates that were accepted or rejected; those below a rejection are not (ONNX Runtime GenAI's denominator).</param>
public sealed record Verdict(IReadOnlyList<int> Path, int Token, int Evaluated);

/// <summary>
/// Decides which drafted tokens stay and draws the token after them. Always emits at least one token. Stateless and
/// thread-safe. All verifiers are in this folder; engines and workers use them and implement none.
/// </summary>
public interface IVerifier
{
    /// <summary>The name in results.</summary>
    string Name { get; }

    /// <summary>True where the tokens emitted follow the target's processed law exactly, for every proposal that <see cref="Supports"/>.</summary>
    bool IsLossless(SamplingOptions sampling);

    /// <summary>Whether the verifier may see such proposals.</summary>
    /// <param name="draw">How siblings were drawn.</param>
    /// <param name="isChain">No node has more than one child.</param>
    bool Supports(DraftDraw draw, bool isChain);

    /// <summary>Walks the tree.</summary>
    Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance);
}
