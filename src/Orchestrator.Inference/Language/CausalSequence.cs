using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Inference.Language;

/// <summary>
/// One sequence of a causal language model, batch 1. Trees are read in one forward where the graph takes a bias; else chains
/// are, and branching trees go through <see cref="LeafPathForward"/>.
/// </summary>
public sealed class CausalSequence : ICausalSequence
{
    private readonly DecoderGraph graph;
    private readonly CacheRows cache;
    private readonly LeafPathForward? leafPaths;
    private readonly List<int> committed = [];
    private TokenTree? pending;
    private int firstPending;

    /// <summary>An empty sequence.</summary>
    /// <param name="graph">The decoder; outlives the sequence.</param>
    /// <param name="hidden">Outputs that <see cref="ILogitRows.Hidden"/> joins; empty where no drafter reads hidden states.</param>
    /// <param name="capacity">Rows of the model's context.</param>
    /// <exception cref="ModelContractException">The graph lacks such an output.</exception>
    public CausalSequence(DecoderGraph graph, IReadOnlyList<string>? hidden = null, int capacity = int.MaxValue)
    {
        hidden ??= [];
        Capacity = capacity;
        if (graph.Missing(hidden) is [var missing, ..])
        {
            throw new ModelContractException(graph.File, missing, "an output with hidden states, which this method reads", "none", "Export the target with it, or leave the method out");
        }

        this.graph = graph;
        leafPaths = graph.Mask == MaskInput.Bias ? null : new LeafPathForward(graph, hidden);

        // Leaf paths are put together by this process, which cannot read a device's memory.
        cache = new CacheRows(graph, hidden, onHost: leafPaths is not null);
    }

    /// <inheritdoc/>
    public int VocabularySize => graph.VocabularySize;

    /// <inheritdoc/>
    public int Length => committed.Count;

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public ILogitRows Prefill(ReadOnlySpan<int> prompt)
    {
        if (committed.Count > 0 || pending is not null)
        {
            throw new InvalidOperationException("The sequence is not empty.");
        }

        var rows = cache.Append(prompt, Positions(0, prompt.Length), default);
        committed.AddRange(Enumerable.Range(cache.Count - prompt.Length, prompt.Length));
        return rows;
    }

    /// <inheritdoc/>
    public ILogitRows Forward(TokenTree tree)
    {
        if (pending is not null)
        {
            throw new InvalidOperationException("The last forward was not followed by Keep.");
        }

        pending = tree;
        var isLine = IsLine(tree);
        if (leafPaths is not null && !isLine)
        {
            return leafPaths.Read(tree, cache, Length);
        }

        cache.Tidy((from, to) => committed[to] = to);
        var tokens = new int[tree.Count];
        var positions = new int[tree.Count];
        for (var node = 0; node < tree.Count; node++)
        {
            (tokens[node], positions[node]) = (tree.Token(node), Length + tree.Depth(node));
        }

        var rows = cache.Append(tokens, positions, isLine ? default : Sees(tree));
        firstPending = cache.Count - tree.Count;
        return rows;
    }

    /// <inheritdoc/>
    public void Keep(ReadOnlySpan<int> path)
    {
        var tree = pending ?? throw new InvalidOperationException("There is no forward to keep rows of.");
        pending = null;
        if (leafPaths is not null && !IsLine(tree))
        {
            leafPaths.Keep(tree, path, cache, committed);
            return;
        }

        cache.KillFrom(firstPending);
        Commit(firstPending);
        foreach (var node in path)
        {
            Commit(firstPending + node);
        }

        void Commit(int row)
        {
            cache.SetLive(row, true);
            committed.Add(row);
        }
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        foreach (var row in committed.Skip(length))
        {
            cache.SetLive(row, false);
        }

        committed.RemoveRange(length, committed.Count - length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        leafPaths?.Dispose();
    }

    internal static int[] Positions(int from, int count) => [.. Enumerable.Range(from, count)];

    /// <summary>True where every node follows the one before it.</summary>
    internal static bool IsLine(TokenTree tree)
    {
        for (var node = 1; node < tree.Count; node++)
        {
            if (tree.Parent(node) != node - 1)
            {
                return false;
            }
        }

        return true;
    }

    private bool[] Sees(TokenTree tree)
    {
        var (before, size) = (cache.Count, tree.Count);
        var total = before + size;
        var among = new bool[size * size];
        tree.FillMask(among);
        var sees = new bool[size * total];
        for (var row = 0; row < before; row++)
        {
            sees[row] = cache.IsLive(row);
        }

        for (var node = 0; node < size; node++)
        {
            if (node > 0)
            {
                sees.AsSpan(0, before).CopyTo(sees.AsSpan(node * total));
            }

            among.AsSpan(node * size, size).CopyTo(sees.AsSpan((node * total) + before));
        }

        return sees;
    }
}
