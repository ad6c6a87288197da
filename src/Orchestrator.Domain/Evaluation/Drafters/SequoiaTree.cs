namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>A searched tree.</summary>
/// <param name="Shape">Its nodes.</param>
/// <param name="ExpectedTokens">Tokens a round is expected to emit, the last one included.</param>
/// <param name="TimePerToken">Expected time of a token in the unit of the costs; NaN where none were given.</param>
public sealed record SearchedTree(TreeShape Shape, double ExpectedTokens, double TimePerToken);

/// <summary>
/// Sequoia's search (Chen et al. 2024): the tree of a given size and depth with the largest expected number of tokens, when the
/// child of rank r is accepted with probability acceptance[r] at every node; by dynamic programming over size, depth and
/// number of children.
/// </summary>
public static class SequoiaTree
{
    /// <summary>The best tree of a size.</summary>
    /// <param name="acceptance">By rank: probability that this child is the accepted one, each in [0, 1], summing to 1 at most.</param>
    /// <param name="size">Nodes with the root, from 1.</param>
    /// <param name="depth">Levels below the root at most.</param>
    public static SearchedTree Search(IReadOnlyList<double> acceptance, int size, int depth)
    {
        var table = new Table(acceptance, size, depth);
        return new(table.Shape(size, depth), table.Value(size, depth), double.NaN);
    }

    /// <summary>The tree, of any size and depth, with the least expected time a token: (depth · draft + verify(size)) / expected tokens.</summary>
    /// <param name="acceptance">As in <see cref="Search"/>.</param>
    /// <param name="verifyTime">At n - 1: time of a target forward over n rows; n = 1 is the baseline's step. Measured.</param>
    /// <param name="draftTime">Time of drafting one level.</param>
    /// <param name="maxDepth">Levels at most.</param>
    public static SearchedTree Cheapest(IReadOnlyList<double> acceptance, IReadOnlyList<double> verifyTime, double draftTime, int maxDepth)
    {
        var table = new Table(acceptance, verifyTime.Count, maxDepth);
        var best = (Time: double.PositiveInfinity, Size: 1, Depth: 0);
        for (var depth = 0; depth <= maxDepth; depth++)
        {
            for (var size = depth + 1; size <= verifyTime.Count; size++)
            {
                var time = ((depth * draftTime) + verifyTime[size - 1]) / table.Value(size, depth);
                // Too few children a node and levels for this size leave no tree, and no value.
                if (time < best.Time && table.Value(size, depth) > 0)
                {
                    best = (time, size, depth);
                }
            }
        }

        return new(table.Shape(best.Size, best.Depth), table.Value(best.Size, best.Depth), best.Time);
    }

    /// <summary>Best values of trees whose root has its first b children: [depth][b][size].</summary>
    private sealed class Table
    {
        private readonly IReadOnlyList<double> acceptance;
        private readonly double[][][] best;
        private readonly int[][][] lastChildSize;

        public Table(IReadOnlyList<double> acceptance, int size, int depth)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
            ArgumentOutOfRangeException.ThrowIfNegative(depth);
            this.acceptance = acceptance;
            var widths = acceptance.Count + 1;
            best = new double[depth + 1][][];
            lastChildSize = new int[depth + 1][][];
            for (var d = 0; d <= depth; d++)
            {
                best[d] = new double[widths][];
                lastChildSize[d] = new int[widths][];
                for (var b = 0; b < widths; b++)
                {
                    best[d][b] = new double[size + 1];
                    lastChildSize[d][b] = new int[size + 1];
                    Array.Fill(best[d][b], double.NegativeInfinity);
                    Fill(d, b, size);
                }
            }
        }

        public double Value(int size, int depth) => best[depth].Max(row => row[size]);

        public TreeShape Shape(int size, int depth)
        {
            if (double.IsNegativeInfinity(Value(size, depth)))
            {
                throw new ArgumentException($"There is no tree of {size} nodes with {acceptance.Count} children a node and {depth} levels.", nameof(size));
            }

            var paths = new List<int[]>();
            Collect(size, depth, [], paths);
            return new TreeShape(paths);
        }

        private void Fill(int depth, int width, int size)
        {
            if (width == 0)
            {
                best[depth][0][1] = 1;
                return;
            }

            if (depth == 0)
            {
                return;
            }

            for (var total = 2; total <= size; total++)
            {
                for (var child = 1; child < total; child++)
                {
                    var value = best[depth][width - 1][total - child] + (acceptance[width - 1] * Value(child, depth - 1));
                    if (value > best[depth][width][total])
                    {
                        (best[depth][width][total], lastChildSize[depth][width][total]) = (value, child);
                    }
                }
            }
        }

        private void Collect(int size, int depth, int[] path, List<int[]> paths)
        {
            if (path.Length > 0)
            {
                paths.Add(path);
            }

            var value = Value(size, depth);
            var width = Array.FindIndex(best[depth], row => row[size] == value);
            for (; width > 0; width--)
            {
                var child = lastChildSize[depth][width][size];
                Collect(child, depth - 1, [.. path, width - 1], paths);
                size -= child;
            }
        }
    }
}
