using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A chain from a draft network: draft model, early exit, EAGLE or MTP chain. Tokens are drawn from the processed draft law,
/// which is also the one reported; with <paramref name="greedy"/> they are its argmax and count as point masses.
/// </summary>
/// <param name="network">The network; the caller disposes it.</param>
/// <param name="gamma">How many tokens.</param>
/// <param name="greedy">Take the argmax at any temperature.</param>
/// <param name="stopBelow">
/// Drafting stops after a token where the draft's largest probability, unprocessed and at temperature 1, is below this
/// (Draft&amp;Verify's and Hugging Face's confidence threshold); 0 never stops. The token drawn there stays: leaving it out
/// would change the law of what is proposed.
/// </param>
public sealed class ChainDrafter(IDraftNetwork network, IGammaPolicy gamma, bool greedy = false, double stopBelow = 0)
    : IDrafter, IPrefillObserver
{
    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var tree = new TokenTree(text.Last);
        var proposal = new Proposal(tree, greedy ? DraftDraw.Deterministic : DraftDraw.Independent);
        var logits = network.Begin(text).Row(0);
        var count = gamma.Next;
        for (var node = 0; ;)
        {
            var law = proposal.Rent(network.VocabularySize);
            NodeLaw.Fill(logits, text, tree, node, law.Span);
            proposal.SetLaw(node, DraftLaw.Dense(law));
            node = tree.Add(node, greedy ? SamplingLaw.ArgMax(law.Span) : chance.Categorical(law.Span));
            if (tree.Candidates == count || (stopBelow > 0 && TopTokens.LargestProbability(logits) < stopBelow))
            {
                return proposal;
            }

            logits = network.Extend(tree, [node]).Row(0);
        }
    }

    /// <inheritdoc />
    public void Observe(in Round round)
    {
        gamma.Observe(round.Proposal.Tree.Candidates, round.Verdict.Path.Count);
        network.Observe(round);
    }

    /// <inheritdoc />
    public void ObservePrefill(ILogitRows rows) => network.ObservePrefill(rows);
}
