using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Tree verification for siblings drawn without replacement (Sequoia, Chen et al. 2024, algorithm 2): as SpecInfer's, but after
/// a rejection q too loses the rejected token and is renormalised, because that is the law the next sibling came from.
/// </summary>
public sealed class SequoiaVerifier : IVerifier
{
    /// <inheritdoc />
    public string Name => "sequoia";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => true;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) =>
        draw == DraftDraw.WithoutReplacement || (isChain && draw == DraftDraw.Independent);

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var tree = proposal.Tree;
        var walk = new Walk(tree);
        while (true)
        {
            using var residual = new Residual(target, walk.Node);
            var child = tree.FirstChild(walk.Node);
            var mass = 1.0;
            for (; child >= 0; child = tree.NextSibling(child))
            {
                var q = proposal.LawOf(walk.Node);
                var token = tree.Token(child);
                if (chance.Bernoulli(residual.Law[token] / (q[token] / mass)))
                {
                    break;
                }

                // The rejected tokens have no mass left in the residual, so subtracting their q again changes nothing.
                walk.Reject();
                residual.Subtract(q, 1 / mass);
                mass -= q[token];
            }

            if (child < 0)
            {
                return walk.End(chance.Categorical(residual.Law));
            }

            walk.Accept(child);
        }
    }
}
