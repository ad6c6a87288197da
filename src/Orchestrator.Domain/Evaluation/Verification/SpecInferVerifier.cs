using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Multi-step speculative sampling over a tree of independently drawn siblings (SpecInfer, Miao et al. 2024, algorithm 2):
/// each child is accepted with min(1, p(x)/q(x)); after a rejection p becomes norm(max(0, p - q)), q stays.
/// </summary>
/// <remarks>The paper takes siblings in random order; they are exchangeable, so their own order gives the same law.</remarks>
public sealed class SpecInferVerifier : IVerifier
{
    /// <inheritdoc />
    public string Name => "specinfer";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => true;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) => draw == DraftDraw.Independent;

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var tree = proposal.Tree;
        var walk = new Walk(tree);
        while (true)
        {
            using var residual = new Residual(target, walk.Node);
            var child = tree.FirstChild(walk.Node);
            for (; child >= 0; child = tree.NextSibling(child))
            {
                var q = proposal.LawOf(walk.Node);
                var token = tree.Token(child);
                if (chance.Bernoulli(residual.Law[token] / q[token]))
                {
                    break;
                }

                walk.Reject();
                residual.Subtract(q, 1);
            }

            if (child < 0)
            {
                return walk.End(chance.Categorical(residual.Law));
            }

            walk.Accept(child);
        }
    }
}
