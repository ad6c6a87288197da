using FsCheck.Xunit;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Statistics;
using Orchestrator.Domain.Tests.Evaluation.Support;

namespace Orchestrator.Domain.Tests.Evaluation.Drafters;

public sealed class TreeTests
{
    [Fact]
    public void TokenTree_MaskPathsAndLeaves_AreItsAncestry()
    {
        var tree = new TokenTree(9);
        var a = tree.Add(0, 1);
        var b = tree.Add(0, 2);
        var c = tree.Add(a, 3);
        var probe = tree.AddProbe(0, 4);
        var below = tree.AddProbe(probe, 5);
        Assert.Equal((6, 3, 2, false), (tree.Count, tree.Candidates, tree.MaxDepth, tree.IsChain));
        Assert.Equal([a, b], tree.Children(0));
        Assert.Equal([1, 3], tree.PathTokens(c));
        Assert.Equal([[0, b], [0, a, c], [0, probe, below]], tree.LeafPaths());
        Assert.Equal((b, -1), (tree.ChildWith(0, 2), tree.ChildWith(0, 4)));
        var mask = new bool[36];
        tree.FillMask(mask);
        for (var row = 0; row < 6; row++)
        {
            var seen = Enumerable.Range(0, 6).Where(column => mask[(row * 6) + column]);
            Assert.Equal([0, .. tree.Path(row)], seen);
        }

        Assert.Throws<ArgumentException>(() => tree.Add(probe, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(6, 1));
    }

    [Fact]
    public void MedusaBuffers_Vectors_AreEqual()
    {
        var vectors = VectorFile.Read("Evaluation", "Vectors", "buffers.json");
        Assert.Equal(8, vectors.GetArrayLength());
        foreach (var v in vectors.EnumerateArray())
        {
            var buffers = MedusaBuffers.Of(new TreeShape(v.Values<int[]>("choices")), v.GetProperty("topK").GetInt32());
            Assert.Equal(v.Values<int>("mask"), buffers.Mask);
            Assert.Equal(v.Values<int>("treeIndices"), buffers.TreeIndices);
            Assert.Equal(v.Values<int>("positionIds"), buffers.PositionIds);
            Assert.Equal(v.Values<int[]>("retrieveIndices"), buffers.RetrieveIndices);
        }
    }

    [Fact]
    public void TreeShape_BadPaths_NameThemselves()
    {
        Assert.Contains("[1]", Assert.Throws<ArgumentException>(() => new TreeShape([[0], [1, 0]])).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => new TreeShape([[0], [0]])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new TreeShape([[]]));
        Assert.Equal(15, TreeShape.FromBranching([3, 2, 1]).Count);
        Assert.Equal(4, TreeShape.Chain(4).Depth);
    }

    /// <summary>Against every tree there is: no tree of the size is expected to accept more.</summary>
    [Property(MaxTest = 40)]
    public void AccuracyTree_SmallSizes_IsTheBestOfAll(ushort seed, byte size)
    {
        var stream = new SeededStream(seed);
        double[][] accuracies = [.. Enumerable.Range(0, 3).Select(_ => new double[3].Select(_ => stream.NextDouble() / 3).OrderDescending().ToArray())];
        var nodes = 1 + (size % 5);
        var shape = AccuracyTree.Build(accuracies, nodes);
        var best = Trees(nodes, 3, 3).Max(tree => tree.Sum(path => Worth(path, accuracies)));
        Assert.Equal(nodes, shape.Count);
        Assert.Equal(best, shape.Paths.Sum(path => Worth(path, accuracies)), 1e-12);
    }

    [Fact]
    public void AccuracyTree_Default_HasItsSize()
    {
        var shape = AccuracyTree.Default(4);
        Assert.Equal((63, 4), (shape.Count, shape.Depth));
        Assert.Equal(3, AccuracyTree.Default(3, 20).Depth);
    }

    /// <summary>Against every tree of the size and depth.</summary>
    [Property(MaxTest = 40)]
    public void SequoiaTree_SmallSizes_IsTheBestOfAll(ushort seed, byte size, byte levels)
    {
        var stream = new SeededStream(seed);
        double[] acceptance = [.. Enumerable.Range(0, 3).Select(_ => stream.NextDouble() / 3)];
        var (nodes, depth) = (2 + (size % 5), 1 + (levels % 3));
        var candidates = Trees(nodes - 1, 3, depth).Where(LeavesNoGap).ToList();
        if (candidates.Count == 0)
        {
            Assert.Throws<ArgumentException>(() => SequoiaTree.Search(acceptance, nodes, depth));
            return;
        }

        double[][] everywhere = [.. Enumerable.Repeat(acceptance, 3)];
        var found = SequoiaTree.Search(acceptance, nodes, depth);
        Assert.Equal(1 + candidates.Max(tree => tree.Sum(path => Worth(path, everywhere))), found.ExpectedTokens, 1e-12);
        Assert.Equal(found.ExpectedTokens, 1 + found.Shape.Paths.Sum(path => Worth(path, everywhere)), 1e-12);
        Assert.Equal(nodes - 1, found.Shape.Count);
        Assert.True(found.Shape.Depth <= depth);
    }

    /// <summary>Without a limit of depth and with falling acceptance, taking the most valuable nodes is optimal: another algorithm, the same value.</summary>
    [Fact]
    public void SequoiaTree_SixtyFourNodes_EqualsGreedyChoice()
    {
        double[] acceptance = [0.6, 0.17, 0.08, 0.04, 0.02];
        var greedy = AccuracyTree.Build([.. Enumerable.Repeat(acceptance, 63)], 63);
        var found = SequoiaTree.Search(acceptance, 64, 63);
        Assert.Equal(1 + greedy.Paths.Sum(path => path.Aggregate(1.0, (product, rank) => product * acceptance[rank])), found.ExpectedTokens, 1e-9);
    }

    [Fact]
    public void SequoiaTree_Cheapest_WeighsCosts()
    {
        double[] acceptance = [0.7, 0.15, 0.05];
        double[] flat = [.. Enumerable.Repeat(1.0, 32)];
        double[] steep = [.. Enumerable.Range(1, 32).Select(n => (double)n)];
        Assert.Equal(31, SequoiaTree.Cheapest(acceptance, flat, 0.001, 12).Shape.Count);
        Assert.Equal(0, SequoiaTree.Cheapest(acceptance, steep, 0.1, 12).Shape.Count);
        Assert.True(SequoiaTree.Cheapest(acceptance, flat, 0.3, 12).Shape.Depth < SequoiaTree.Cheapest(acceptance, flat, 0.01, 12).Shape.Depth);
        var best = SequoiaTree.Cheapest(acceptance, flat, 0.1, 8);
        Assert.Equal(((best.Shape.Depth * 0.1) + 1) / best.ExpectedTokens, best.TimePerToken, 1e-12);
    }

    /// <summary>Leviathan et al. 2023, table 1: growth of arithmetic and speedup where drafting costs nothing.</summary>
    [Theory]
    [InlineData(0.6, 2, 1.53, 1.96)]
    [InlineData(0.7, 3, 1.58, 2.53)]
    [InlineData(0.8, 2, 1.23, 2.44)]
    [InlineData(0.8, 5, 1.63, 3.69)]
    [InlineData(0.9, 2, 1.11, 2.71)]
    [InlineData(0.9, 10, 1.60, 6.86)]
    public void SpeedupModel_PublishedTable_IsReproduced(double alpha, int gamma, double operations, double speedup)
    {
        Assert.Equal(operations, SpeedupModel.Operations(alpha, gamma, 0), 5e-3);
        Assert.Equal(speedup, SpeedupModel.ExpectedTokens(alpha, gamma), 5e-3);
        Assert.Equal(speedup, SpeedupModel.Speedup(alpha, gamma, 0), 5e-3);
        Assert.Equal(SpeedupModel.ExpectedTokens(alpha, gamma) / 1.5, SpeedupModel.Speedup(alpha, gamma, 0.5 / gamma), 1e-12);
    }

    [Fact]
    public void SpeedupModel_Limits_AreTheTheorems()
    {
        Assert.Equal(6, SpeedupModel.ExpectedTokens(1.0, 5));
        Assert.Equal(1, SpeedupModel.ExpectedTokens(0.0, 5));
        // Corollary 3.9: where α > c some γ gives at least (1 + α) / (1 + c), else none helps.
        Assert.True(SpeedupModel.Speedup(0.4, SpeedupModel.BestGamma(0.4, 0.3, 20), 0.3) >= 1.4 / 1.3 - 1e-12);
        Assert.Equal(0, SpeedupModel.BestGamma(0.3, 0.4, 20));
    }

    [Fact]
    public void SpeedupModel_ConstantAcceptanceAndFlatCost_IsLeviathans()
    {
        double[] conditional = [.. Enumerable.Repeat(0.7, 8)];
        double[] flat = [.. Enumerable.Repeat(10.0, 9)];
        for (var gamma = 0; gamma <= 8; gamma++)
        {
            Assert.Equal(SpeedupModel.ExpectedTokens(0.7, gamma), SpeedupModel.ExpectedTokens(conditional, gamma), 1e-12);
            Assert.Equal(SpeedupModel.Speedup(0.7, gamma, 0.1), SpeedupModel.Speedup(conditional, gamma, flat, 1), 1e-12);
        }

        Assert.Equal(SpeedupModel.BestGamma(0.7, 0.1, 8), SpeedupModel.BestGamma(conditional, flat, 1));
        Assert.Equal(0, SpeedupModel.BestGamma(conditional, [.. Enumerable.Range(1, 9).Select(n => 10.0 * n)], 1));
    }

    private static double Worth(IReadOnlyList<int> path, double[][] accuracies) =>
        path.Select((rank, depth) => accuracies[depth][rank]).Aggregate(1.0, (product, value) => product * value);

    /// <summary>Every tree of so many nodes: parents present, no more than so many children and levels.</summary>
    private static IEnumerable<List<int[]>> Trees(int nodes, int width, int depth)
    {
        var all = new List<int[]>();
        void Collect(int[] path)
        {
            for (var rank = 0; rank < width && path.Length < depth; rank++)
            {
                int[] child = [.. path, rank];
                all.Add(child);
                Collect(child);
            }
        }

        Collect([]);
        return Choose([], 0);

        IEnumerable<List<int[]>> Choose(List<int[]> chosen, int from)
        {
            if (chosen.Count == nodes)
            {
                yield return [.. chosen];
                yield break;
            }

            for (var i = from; i < all.Count; i++)
            {
                if (all[i].Length > 1 && !chosen.Any(c => c.AsSpan().SequenceEqual(all[i].AsSpan(0, all[i].Length - 1))))
                {
                    continue;
                }

                chosen.Add(all[i]);
                foreach (var tree in Choose(chosen, i + 1))
                {
                    yield return tree;
                }

                chosen.RemoveAt(chosen.Count - 1);
            }
        }
    }

    private static bool LeavesNoGap(List<int[]> tree) =>
        tree.All(path => path[^1] == 0 || tree.Any(other => other.Length == path.Length && other[^1] == path[^1] - 1 && other[..^1].SequenceEqual(path[..^1])));
}
