using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Goes to the child that equals the target's argmax (ties: lowest id) while there is one and emits the argmax after it; on
/// chains and trees (SpecInfer's greedy traversal, Medusa and REST at temperature 0). Uses no chance.
/// </summary>
public sealed class GreedyVerifier : IVerifier
{
    /// <inheritdoc />
    public string Name => "greedy";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => sampling.IsGreedy;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) => true;

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var walk = new Walk(proposal.Tree);
        while (true)
        {
            var token = SamplingLaw.ArgMax(target.At(walk.Node));
            if (!walk.DescendTo(token))
            {
                return walk.End(token);
            }
        }
    }
}
