namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// A tree without tokens: each node is a path of ranks from the root, rank r being the r-th best (or r-th drawn) child of its
/// parent, from 0. Medusa's <c>choices</c>, Sequoia's searched tree and <c>branching</c> lists are shapes.
/// </summary>
public sealed class TreeShape
{
    private readonly List<int[]> paths;
    private readonly int[] parents;

    /// <summary>A shape of these paths; the root is implied.</summary>
    /// <exception cref="ArgumentException">A path is empty, negative, repeated, or its parent is missing.</exception>
    public TreeShape(IEnumerable<IReadOnlyList<int>> choices)
    {
        paths = [.. choices.Select(c => c.ToArray()).Order(Comparer<int[]>.Create(Compare))];
        parents = new int[paths.Count];
        var index = new Dictionary<string, int>(StringComparer.Ordinal) { [""] = 0 };
        for (var i = 0; i < paths.Count; i++)
        {
            var path = paths[i];
            var name = string.Join(',', path);
            if (path.Length == 0 || path.Any(rank => rank < 0))
            {
                throw new ArgumentException($"The path [{name}] is not a list of ranks from 0.", nameof(choices));
            }

            if (!index.TryGetValue(string.Join(',', path[..^1]), out parents[i]))
            {
                throw new ArgumentException($"The path [{name}] has no parent in the tree: add [{string.Join(',', path[..^1])}].", nameof(choices));
            }

            if (!index.TryAdd(name, i + 1))
            {
                throw new ArgumentException($"The path [{name}] occurs twice.", nameof(choices));
            }
        }
    }

    /// <summary>Nodes without the root.</summary>
    public int Count => paths.Count;

    /// <summary>Longest path.</summary>
    public int Depth => paths.Count == 0 ? 0 : paths[^1].Length;

    /// <summary>Paths by length, then by ranks; node i of the shape (from 1, the root being 0) has path i - 1.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Paths => paths;

    /// <summary>The parent of node <paramref name="node"/> (from 1); 0 is the root.</summary>
    public int Parent(int node) => parents[node - 1];

    /// <summary>The rank of node <paramref name="node"/> (from 1) below its parent.</summary>
    public int Rank(int node) => paths[node - 1][^1];

    /// <summary>Depth of node <paramref name="node"/> (from 1), at least 1.</summary>
    public int DepthOf(int node) => paths[node - 1].Length;

    /// <summary>Children by depth: [3, 2, 1] is 3 nodes, 6 below them, 6 below those.</summary>
    public static TreeShape FromBranching(IReadOnlyList<int> branching)
    {
        var all = new List<int[]>();
        int[][] level = [[]];
        foreach (var width in branching)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(width, 1, nameof(branching));
            level = [.. level.SelectMany(path => Enumerable.Range(0, width).Select(rank => (int[])[.. path, rank]))];
            all.AddRange(level);
        }

        return new TreeShape(all);
    }

    /// <summary>One node a depth, each the best child.</summary>
    public static TreeShape Chain(int depth) => FromBranching([.. Enumerable.Repeat(1, depth)]);

    private static int Compare(int[] a, int[] b) =>
        a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.AsSpan().SequenceCompareTo(b);
}
