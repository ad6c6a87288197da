using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Inference.Language;

/// <summary>The cache of a draft network: committed rows, which all see, and rows of the tree that is being drafted, which see their ancestors.</summary>
/// <param name="graph">The network.</param>
/// <param name="extras">Further outputs to fetch.</param>
internal sealed class DraftRows(DecoderGraph graph, IReadOnlyList<string> extras) : IDisposable
{
    private readonly CacheRows cache = new(graph, extras);
    private readonly Dictionary<int, int> rowOf = [];

    /// <summary>Commits rows at the end of the text.</summary>
    public RowsOut Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, ReadOnlySpan<float> hidden = default)
    {
        cache.Tidy((_, _) => { });
        return cache.Append(tokens, positions, default, hidden);
    }

    /// <summary>The tree's node has a row.</summary>
    public bool Has(int node) => rowOf.ContainsKey(node);

    /// <summary>Makes the rows of some nodes committed ones and drops those of all others.</summary>
    public void Settle(params ReadOnlySpan<int> kept)
    {
        foreach (var row in rowOf.Values)
        {
            cache.SetLive(row, false);
        }

        foreach (var node in kept)
        {
            cache.SetLive(rowOf[node], true);
        }

        rowOf.Clear();
    }

    /// <summary>Reads nodes of a growing tree.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="nodes">Ascending; parents are the root, or have rows, or are among them.</param>
    /// <param name="rootPosition">Position of the root's row.</param>
    /// <param name="hidden">One hidden state a node for a head on hidden states, else empty.</param>
    /// <exception cref="NotSupportedException">The graph has no bias input and the nodes are not the next of a chain.</exception>
    public RowsOut Extend(TokenTree tree, ReadOnlySpan<int> nodes, int rootPosition, ReadOnlySpan<float> hidden = default)
    {
        var tokens = new int[nodes.Length];
        var positions = new int[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            (tokens[i], positions[i]) = (tree.Token(nodes[i]), rootPosition + tree.Depth(nodes[i]));
        }

        var before = cache.Count;
        if (graph.Mask == MaskInput.Padding && !tree.IsChain)
        {
            throw new NotSupportedException(
                $"{graph.File} has no input '{DecoderGraph.AttentionBias}', so it drafts chains only: export it with one, or use a chain method.");
        }

        // In a chain every earlier row is an ancestor and stays alive; in a tree the mask lets each node see its own.
        var sees = graph.Mask == MaskInput.Padding ? [] : Sees(tree, nodes);
        var rows = cache.Append(tokens, positions, sees, hidden);
        for (var i = 0; i < nodes.Length; i++)
        {
            rowOf[nodes[i]] = before + i;
            cache.SetLive(before + i, graph.Mask == MaskInput.Padding);
        }

        return rows;
    }

    /// <inheritdoc/>
    public void Dispose() => cache.Dispose();

    private bool[] Sees(TokenTree tree, ReadOnlySpan<int> nodes)
    {
        var before = cache.Count;
        var total = before + nodes.Length;
        var sees = new bool[nodes.Length * total];
        for (var i = 0; i < nodes.Length; i++)
        {
            var line = sees.AsSpan(i * total, total);
            for (var row = 0; row < before; row++)
            {
                line[row] = cache.IsLive(row);
            }

            for (var node = nodes[i]; node > 0; node = tree.Parent(node))
            {
                var among = nodes.IndexOf(node);
                line[among >= 0 ? before + among : rowOf[node]] = true;
            }
        }

        return sees;
    }
}
