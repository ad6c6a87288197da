using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Speculative sampling of a chain (Leviathan et al. 2023, algorithm 1; Chen et al. 2023): x is accepted with probability
/// min(1, p(x)/q(x)); at the first rejection a token of norm(max(0, p - q)) is emitted, after the last acceptance one of p.
/// </summary>
public sealed class ChainVerifier : IVerifier
{
    /// <inheritdoc />
    public string Name => "chain";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => true;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) => isChain && draw != DraftDraw.Deterministic;

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var tree = proposal.Tree;
        var walk = new Walk(tree);
        for (var child = tree.FirstChild(0); child >= 0; child = tree.FirstChild(child))
        {
            var p = target.At(walk.Node);
            var q = proposal.LawOf(walk.Node);
            var token = tree.Token(child);
            if (!chance.Bernoulli(p[token] / q[token]))
            {
                using var residual = new Residual(target, walk.Node);
                residual.Subtract(q, 1);
                walk.Reject();
                return walk.End(chance.Categorical(residual.Law));
            }

            walk.Accept(child);
        }

        return walk.End(chance.Categorical(target.At(walk.Node)));
    }
}
