using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// Jacobi decoding (Santilli et al. 2023): a guess of the next γ tokens is read in one forward and replaced by the target's
/// argmax at each place; what agrees is accepted, the rest is the next guess. A chain; deterministic.
/// </summary>
/// <param name="gamma">Length of the guess.</param>
public sealed class JacobiDrafter(int gamma) : IDrafter
{
    private readonly List<int> guess = [];

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        // Places never guessed start with tokens of the text: any start converges, and this one is reproducible.
        while (guess.Count < gamma)
        {
            guess.Add(text.Tokens[guess.Count % text.Tokens.Count]);
        }

        var tree = new TokenTree(text.Last);
        var node = 0;
        foreach (var token in guess)
        {
            node = tree.Add(node, token);
        }

        return new Proposal(tree, DraftDraw.Deterministic);
    }

    /// <inheritdoc />
    public void Observe(in Round round)
    {
        // The emitted token takes the place of the first wrong guess; rows from there on hold the next iterate.
        guess.Clear();
        for (var node = round.Verdict.Path.Count + 1; node < round.Rows.Count; node++)
        {
            guess.AddRange(TopTokens.Of(round.Rows.Row(node), 1));
        }
    }
}
