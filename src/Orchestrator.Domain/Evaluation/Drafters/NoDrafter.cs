using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>Proposes nothing: the autoregressive baseline, in the same loop and engine as every method.</summary>
public sealed class NoDrafter : IDrafter
{
    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance) => Proposal.Empty(text.Last);

    /// <inheritdoc />
    public void Observe(in Round round)
    {
    }
}
