using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A sampled tree of a fixed shape from a draft network: the children of a node are drawn independently (for SpecInfer's
/// verifier) or without replacement (for Sequoia's), rank r being the r-th drawn. Without replacement a node has fewer
/// children where the law has fewer tokens; what the shape has below them is left out.
/// </summary>
/// <param name="network">The network; the caller disposes it.</param>
/// <param name="shape">For example from a branching list or from <see cref="SequoiaTree"/>. Ranks below a node leave no gap.</param>
/// <param name="draw"><see cref="DraftDraw.Independent"/> or <see cref="DraftDraw.WithoutReplacement"/>.</param>
public sealed class DraftTreeDrafter(IDraftNetwork network, TreeShape shape, DraftDraw draw) : IDrafter, IPrefillObserver
{
    private readonly ILookup<int, int> childrenOf = Enumerable.Range(1, shape.Count).ToLookup(shape.Parent);

    /// <inheritdoc />
    public Proposal Propose(DecodedText text, IChance chance)
    {
        var tree = new TokenTree(text.Last);
        var proposal = new Proposal(tree, draw);
        var rows = network.Begin(text);
        List<(int Shape, int Node)> level = [(0, 0)];
        while (true)
        {
            List<(int Shape, int Node)> next = [];
            for (var i = 0; i < level.Count; i++)
            {
                var (place, node) = level[i];
                var law = proposal.Rent(network.VocabularySize);
                NodeLaw.Fill(rows.Row(i), text, tree, node, law.Span);
                proposal.SetLaw(node, DraftLaw.Dense(law));
                int[] below = [.. childrenOf[place]];
                var tokens = Draw(law.Span, below.Length, chance);
                next.AddRange(below.Zip(tokens, (child, token) => (child, tree.Add(node, token))));
            }

            level = [.. next.Where(n => childrenOf.Contains(n.Shape))];
            if (level.Count == 0)
            {
                return proposal;
            }

            rows = network.Extend(tree, [.. level.Select(n => n.Node)]);
        }
    }

    /// <inheritdoc />
    public void Observe(in Round round) => network.Observe(round);

    /// <inheritdoc />
    public void ObservePrefill(ILogitRows rows) => network.ObservePrefill(rows);

    private int[] Draw(ReadOnlySpan<double> law, int count, IChance chance)
    {
        var tokens = new List<int>(count);
        var left = draw == DraftDraw.WithoutReplacement ? law.ToArray() : null;
        for (var i = 0; i < count; i++)
        {
            if (left is null)
            {
                tokens.Add(chance.Categorical(law));
            }
            else if (left.AsSpan().IndexOfAnyExcept(0.0) >= 0)
            {
                tokens.Add(chance.Categorical(left));
                left[tokens[^1]] = 0;
            }
        }

        return [.. tokens];
    }
}
