using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// Lookahead decoding (Fu et al. 2024): a window of <paramref name="window"/> columns and n - 1 levels takes one Jacobi step a
/// round, as probes of the same forward; the n-grams along its columns go to a pool by first token, and the pool's n-grams
/// that start with the text's last token are the candidates. Deterministic.
/// </summary>
/// <remarks>
/// Level 0 is a chain below the root, and column i goes down from its i-th node: the token of level l, column i stands i + l + 1
/// places after the root and attends to level 0 up to column i and to its own column, as in lookahead's attention mask.
/// </remarks>
/// <param name="window">W, columns, from 1.</param>
/// <param name="ngram">n, from 2.</param>
/// <param name="candidates">G, n-grams verified a round, from 1.</param>
public sealed class LookaheadDrafter(int window, int ngram, int candidates) : IDrafter
{
    private readonly NgramPool pool = new(candidates);
    private readonly List<int[]> levels = [];
    private int[][] places = [];

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        if (levels.Count == 0)
        {
            levels.Add([.. Enumerable.Range(0, window).Select(i => text.Tokens[i % text.Tokens.Count])]);
        }

        var tree = new TokenTree(text.Last);
        foreach (var continuation in pool.Of(text.Last))
        {
            var node = 0;
            foreach (var token in continuation)
            {
                var known = tree.ChildWith(node, token);
                node = known >= 0 ? known : tree.Add(node, token);
            }
        }

        places = new int[levels.Count][];
        for (var level = 0; level < levels.Count; level++)
        {
            places[level] = new int[window];
            for (var column = 0; column < window; column++)
            {
                var parent = level > 0 ? places[level - 1][column] : column > 0 ? places[0][column - 1] : 0;
                places[level][column] = tree.AddProbe(parent, levels[level][column]);
            }
        }

        return new Proposal(tree, DraftDraw.Deterministic);
    }

    /// <inheritdoc />
    public void Observe(in Round round)
    {
        if (round.Rows.Count <= places[^1][^1])
        {
            // The window was not read: nothing is learnt.
            return;
        }

        var next = new int[window];
        for (var column = 0; column < window; column++)
        {
            next[column] = TopTokens.Of(round.Rows.Row(places[^1][column]), 1)[0];
        }

        levels.Add(next);
        var full = levels.Count == ngram;
        if (full)
        {
            for (var column = 0; column < window; column++)
            {
                pool.Add([.. levels.Select(level => level[column])]);
            }

            levels.RemoveAt(0);
        }

        // Places count from the root, which moved on by the accepted tokens and one. Dropping level 0 moves the window by
        // one as well: level 1 of column i stands where level 0 of column i does then. Columns that fall out at the left are
        // made up for by repeating the last.
        var shift = Math.Min(round.Verdict.Path.Count + (full ? 0 : 1), window - 1);
        for (var level = 0; level < levels.Count; level++)
        {
            levels[level] = [.. levels[level][shift..], .. Enumerable.Repeat(levels[level][^1], shift)];
        }
    }
}
