namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// Drafted tokens as a tree. Node 0 is the root: the last committed token, which the target has not read yet. Every other
/// node follows its parent; parents have smaller numbers than children. A chain is a tree with one child a node.
/// </summary>
/// <remarks>
/// Candidates may be accepted. Probes are read by the target in the same forward, never accepted and invisible to verifiers:
/// a drafter sees their rows afterwards (lookahead's window). A tree row attends to all committed rows, itself and its
/// ancestors; its position is that of the root plus its depth.
/// </remarks>
public sealed class TokenTree
{
    private readonly List<int> tokens = [];
    private readonly List<int> parents = [];
    private readonly List<int> depths = [];
    private readonly List<bool> probes = [];
    private readonly List<int> firstChild = [];
    private readonly List<int> lastChild = [];
    private readonly List<int> nextSibling = [];

    /// <summary>A tree of the root alone.</summary>
    public TokenTree(int rootToken) => Append(rootToken, -1, 0, probe: false);

    /// <summary>Nodes, the root and probes included.</summary>
    public int Count => tokens.Count;

    /// <summary>Drafted tokens that may be accepted.</summary>
    public int Candidates { get; private set; }

    /// <summary>Depth of the deepest candidate; 0 where nothing is drafted.</summary>
    public int MaxDepth { get; private set; }

    /// <summary>True where no node has two candidate children.</summary>
    public bool IsChain { get; private set; } = true;

    /// <summary>Adds a candidate below a candidate or the root; siblings keep the order in which they are added.</summary>
    /// <returns>The node's number.</returns>
    public int Add(int parent, int token)
    {
        CheckParent(parent);
        if (probes[parent])
        {
            throw new ArgumentException($"Node {parent} is a probe; a candidate needs a candidate above it.", nameof(parent));
        }

        var node = Append(token, parent, depths[parent] + 1, probe: false);
        if (firstChild[parent] < 0)
        {
            firstChild[parent] = node;
        }
        else
        {
            nextSibling[lastChild[parent]] = node;
            IsChain = false;
        }

        lastChild[parent] = node;
        Candidates++;
        MaxDepth = Math.Max(MaxDepth, depths[node]);
        return node;
    }

    /// <summary>Adds a probe below any node.</summary>
    /// <returns>The node's number.</returns>
    public int AddProbe(int parent, int token)
    {
        CheckParent(parent);
        return Append(token, parent, depths[parent] + 1, probe: true);
    }

    /// <summary>The node's token.</summary>
    public int Token(int node) => tokens[node];

    /// <summary>The node's parent; -1 for the root.</summary>
    public int Parent(int node) => parents[node];

    /// <summary>Edges from the root.</summary>
    public int Depth(int node) => depths[node];

    /// <summary>True for a probe.</summary>
    public bool IsProbe(int node) => probes[node];

    /// <summary>The first candidate child; -1 where there is none.</summary>
    public int FirstChild(int node) => firstChild[node];

    /// <summary>The next candidate with the same parent; -1 where there is none.</summary>
    public int NextSibling(int node) => nextSibling[node];

    /// <summary>Candidate children in order.</summary>
    public IReadOnlyList<int> Children(int node)
    {
        var children = new List<int>();
        for (var child = firstChild[node]; child >= 0; child = nextSibling[child])
        {
            children.Add(child);
        }

        return children;
    }

    /// <summary>The first candidate child with this token; -1 where there is none.</summary>
    public int ChildWith(int node, int token)
    {
        var child = firstChild[node];
        while (child >= 0 && tokens[child] != token)
        {
            child = nextSibling[child];
        }

        return child;
    }

    /// <summary>Nodes from below the root down to the node; empty for the root.</summary>
    public int[] Path(int node)
    {
        var path = new int[depths[node]];
        for (var at = node; at > 0; at = parents[at])
        {
            path[depths[at] - 1] = at;
        }

        return path;
    }

    /// <summary>Tokens of <see cref="Path"/>.</summary>
    public int[] PathTokens(int node) => Array.ConvertAll(Path(node), n => tokens[n]);

    /// <summary>Paths from the root (included) to every leaf, probes too, in order of the leaves: the batch of the leaf-paths fallback.</summary>
    public IReadOnlyList<int[]> LeafPaths()
    {
        var isParent = new bool[Count];
        for (var node = 1; node < Count; node++)
        {
            isParent[parents[node]] = true;
        }

        return [.. Enumerable.Range(0, Count).Where(node => !isParent[node]).Select(node => (int[])[0, .. Path(node)])];
    }

    /// <summary>The attention of tree rows among themselves.</summary>
    /// <param name="mask">Receives Count × Count values, row-major: true where the row's node may attend to the column's.</param>
    public void FillMask(Span<bool> mask)
    {
        mask[..(Count * Count)].Clear();
        for (var node = 0; node < Count; node++)
        {
            for (var at = node; at >= 0; at = parents[at])
            {
                mask[(node * Count) + at] = true;
            }
        }
    }

    private int Append(int token, int parent, int depth, bool probe)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        tokens.Add(token);
        parents.Add(parent);
        depths.Add(depth);
        probes.Add(probe);
        firstChild.Add(-1);
        lastChild.Add(-1);
        nextSibling.Add(-1);
        return tokens.Count - 1;
    }

    private void CheckParent(int parent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parent);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parent, Count);
    }
}
