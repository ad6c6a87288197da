using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Verification;

/// <summary>
/// Draws y from the target's law; a child that equals y is accepted, else y is emitted. The same as q = 1 on each child with
/// the residual p without it. Lossless for every proposal made without knowing the draw: n-gram, retrieval, Jacobi, EAGLE-2's
/// top-k, Medusa, and sampled trees too.
/// </summary>
public sealed class PointMassVerifier : IVerifier
{
    /// <inheritdoc />
    public string Name => "point-mass";

    /// <inheritdoc />
    public bool IsLossless(SamplingOptions sampling) => true;

    /// <inheritdoc />
    public bool Supports(DraftDraw draw, bool isChain) => true;

    /// <inheritdoc />
    public Verdict Verify(Proposal proposal, ITargetLaw target, IChance chance)
    {
        var walk = new Walk(proposal.Tree);
        while (true)
        {
            var token = chance.Categorical(target.At(walk.Node));
            if (!walk.DescendTo(token))
            {
                return walk.End(token);
            }
        }
    }
}
