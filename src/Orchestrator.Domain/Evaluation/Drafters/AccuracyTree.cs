namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// The tree of a given size with the largest expected acceptance from measured accuracies of heads (Medusa's greedy node
/// addition): a node is worth the product of accuracies along its path.
/// </summary>
public static class AccuracyTree
{
    /// <summary>
    /// Medusa's published accuracies (medusa_acc.csv, Vicuna 7B, heads 1 to 4): top 1 and top 5; ranks between follow a
    /// geometric series. Used where a document asks for the default tree.
    /// </summary>
    private static readonly (double Top1, double Top5)[] Published = [(0.560, 0.780), (0.316, 0.563), (0.201, 0.417), (0.147, 0.340)];

    /// <summary>Builds the tree; ties go to the shorter path, then to lower ranks.</summary>
    /// <param name="accuracies">[head][rank]: how often the rank-th best token of the head is right, in [0, 1], falling with the rank.</param>
    /// <param name="nodes">Nodes without the root; fewer where the accuracies have no more paths.</param>
    public static TreeShape Build(IReadOnlyList<IReadOnlyList<double>> accuracies, int nodes)
    {
        var queue = new PriorityQueue<int[], (double Cost, int Length, string Path)>();
        var chosen = new List<int[]>();
        Offer([], 1);
        while (chosen.Count < nodes && queue.TryDequeue(out var path, out var priority))
        {
            chosen.Add(path);
            Offer(path, -priority.Cost);
        }

        return new TreeShape(chosen);

        void Offer(int[] parent, double worth)
        {
            if (parent.Length == accuracies.Count)
            {
                return;
            }

            var ranks = accuracies[parent.Length];
            for (var rank = 0; rank < ranks.Count; rank++)
            {
                int[] path = [.. parent, rank];
                queue.Enqueue(path, (-worth * ranks[rank], path.Length, string.Join(',', path.Select(r => r.ToString("D5", System.Globalization.CultureInfo.InvariantCulture)))));
            }
        }
    }

    /// <summary>The default tree of a model with so many heads.</summary>
    /// <param name="heads">From 1; those beyond the fourth repeat its accuracies.</param>
    /// <param name="nodes">Nodes without the root; Medusa's own tree has 63.</param>
    public static TreeShape Default(int heads, int nodes = 63) =>
        Build([.. Enumerable.Range(0, heads).Select(h => Ranks(Published[Math.Min(h, Published.Length - 1)]))], nodes);

    /// <summary>
    /// Accuracies by rank of an autoregressive draft network, the same at every depth, where none were measured: those of
    /// Medusa's first head, cut or continued to so many ranks. Gives EAGLE's static tree.
    /// </summary>
    public static IReadOnlyList<double> DraftRanks(int ranks) => Ranks(Published[0], ranks);

    /// <summary>Ranks a·r^k with a = top 1 and the sum of the first five = top 5.</summary>
    private static double[] Ranks((double Top1, double Top5) accuracy, int count = 10)
    {
        var (low, high) = (0.0, 1.0);
        for (var i = 0; i < 60; i++)
        {
            var r = (low + high) / 2;
            var five = accuracy.Top1 * (1 + (r * (1 + (r * (1 + (r * (1 + r)))))));
            (low, high) = five < accuracy.Top5 ? (r, high) : (low, r);
        }

        return [.. Enumerable.Range(0, count).Select(k => accuracy.Top1 * Math.Pow(low, k))];
    }
}
