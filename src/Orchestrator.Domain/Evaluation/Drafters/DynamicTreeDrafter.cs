using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// EAGLE-2's dynamic tree (Li et al. 2024, also EAGLE-3's): level by level the best nodes are expanded to their likeliest
/// children, a node being worth the product of draft probabilities along its path; then all nodes are ranked again and the
/// best are kept. Deterministic: the draft's softmax at temperature 1 ranks, and every child counts as a point mass.
/// </summary>
/// <param name="network">The network; the caller disposes it.</param>
/// <param name="depth">Levels of candidates, from 1. EAGLE's own <c>depth</c> d gives d + 1.</param>
/// <param name="topK">Children of a node, and nodes expanded a level.</param>
/// <param name="nodes">Nodes of the tree with the root (EAGLE's <c>total_token</c>), from 2.</param>
public sealed class DynamicTreeDrafter(IDraftNetwork network, int depth, int topK, int nodes) : IDrafter, IPrefillObserver
{
    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var grown = new TokenTree(text.Last);
        var worth = new List<double> { 0 };
        int[] frontier = [0];
        var rows = network.Begin(text);
        for (var level = 1; level <= depth; level++)
        {
            var first = grown.Count;
            for (var i = 0; i < frontier.Length; i++)
            {
                var row = rows.Row(i);
                var scale = TopTokens.LogSumExp(row);
                foreach (var token in TopTokens.Of(row, topK))
                {
                    grown.Add(frontier[i], token);
                    worth.Add(worth[frontier[i]] + row[token] - scale);
                }
            }

            if (level < depth)
            {
                frontier = Best(Enumerable.Range(first, grown.Count - first), topK, worth);
                rows = network.Extend(grown, frontier);
            }
        }

        // A child is worth no more than its parent and has a larger number, so the best nodes form a tree.
        var kept = new TokenTree(text.Last);
        var place = new Dictionary<int, int> { [0] = 0 };
        foreach (var node in Best(Enumerable.Range(1, grown.Count - 1), nodes - 1, worth))
        {
            place[node] = kept.Add(place[grown.Parent(node)], grown.Token(node));
        }

        return new Proposal(kept, DraftDraw.Deterministic);
    }

    /// <inheritdoc />
    public void Observe(in Round round) => network.Observe(round);

    /// <inheritdoc />
    public void ObservePrefill(ILogitRows rows) => network.ObservePrefill(rows);

    /// <summary>The best nodes in ascending order of their numbers.</summary>
    private static int[] Best(IEnumerable<int> candidates, int count, List<double> worth) =>
        [.. candidates.OrderByDescending(n => worth[n]).ThenBy(n => n).Take(count).Order()];
}
