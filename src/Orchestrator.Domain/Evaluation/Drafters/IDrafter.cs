using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A family of speculative decoding for one sequence: proposes a tree and the laws it was drawn from. Implemented here, one
/// file a family, over <see cref="IDraftNetwork"/>, <see cref="IDraftHeads"/> or the text alone; an engine implements those two.
/// </summary>
/// <remarks>
/// A proposal may depend on the text, on earlier rounds and on chance, never on the verifier's coming draws: that is what
/// makes a verifier's proof hold for every drafter.
/// </remarks>
public interface IDrafter
{
    /// <summary>Proposes after <paramref name="text"/>; the tree's root is its last token. Nothing to propose is an empty proposal.</summary>
    Proposal Propose(DecodedText text, IChance chance);

    /// <summary>
    /// Learns what became of the proposal. Called once after each <see cref="Propose"/>, before the text grows. Near the
    /// context's end the round's proposal is empty, whatever was proposed.
    /// </summary>
    void Observe(in Round round);
}

/// <summary>A round after verification.</summary>
/// <param name="Proposal">What was proposed.</param>
/// <param name="Rows">The target's rows, one a node, probes included.</param>
/// <param name="Verdict">What was accepted and emitted.</param>
public readonly record struct Round(Proposal Proposal, ILogitRows Rows, Verdict Verdict)
{
    /// <summary>The last accepted node; the root where none was.</summary>
    public int LastNode => Verdict.Path.Count == 0 ? 0 : Verdict.Path[^1];
}
