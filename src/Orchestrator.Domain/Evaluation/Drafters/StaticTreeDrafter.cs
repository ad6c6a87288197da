using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A tree of fixed shape from a draft network: rank r is the r-th likeliest child (EAGLE-1's static tree). Deterministic.
/// </summary>
/// <param name="network">The network; the caller disposes it.</param>
/// <param name="shape">The tree.</param>
public sealed class StaticTreeDrafter(IDraftNetwork network, TreeShape shape) : IDrafter, IPrefillObserver
{
    private readonly ILookup<int, int> childrenOf = Enumerable.Range(1, shape.Count).ToLookup(shape.Parent);

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var tree = new TokenTree(text.Last);
        var rows = network.Begin(text);
        List<(int Shape, int Node)> level = [(0, 0)];
        while (true)
        {
            List<(int Shape, int Node)> next = [];
            for (var i = 0; i < level.Count; i++)
            {
                int[] below = [.. childrenOf[level[i].Shape]];
                var tokens = TopTokens.Of(rows.Row(i), below.Max(shape.Rank) + 1);
                // A row may have fewer allowed tokens than the shape asks for.
                foreach (var child in below.Where(c => shape.Rank(c) < tokens.Length))
                {
                    next.Add((child, tree.Add(level[i].Node, tokens[shape.Rank(child)])));
                }
            }

            level = [.. next.Where(n => childrenOf.Contains(n.Shape))];
            if (level.Count == 0)
            {
                return new Proposal(tree, DraftDraw.Deterministic);
            }

            rows = network.Extend(tree, [.. level.Select(n => n.Node)]);
        }
    }

    /// <inheritdoc />
    public void Observe(in Round round) => network.Observe(round);

    /// <inheritdoc />
    public void ObservePrefill(ILogitRows rows) => network.ObservePrefill(rows);
}
