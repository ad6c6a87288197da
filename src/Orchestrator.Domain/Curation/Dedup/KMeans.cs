using System.Numerics.Tensors;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>Embeddings that can be read several times, in the same order each time.</summary>
public interface IEmbeddingSource
{
    /// <summary>Floats of one embedding.</summary>
    int Dimension { get; }

    /// <summary>Begins a reading: rows of length 1 (or 0), each valid until the next is asked for.</summary>
    IEnumerable<ReadOnlyMemory<float>> Open();
}

/// <summary>
/// k-means, spherical or Euclidean. Spherical: centroids of length 1, each embedding belongs to the centroid of largest dot product,
/// the lowest number among equals (SemDeDup, arXiv 2303.09540, section 3; faiss <c>Kmeans(spherical=True)</c>). Euclidean: centroids are means, each
/// embedding belongs to the nearest one (faiss <c>Kmeans</c>, with which DataComp makes its centroids).
/// </summary>
/// <remarks>
/// Begins at k embeddings drawn by the seed: those with the smallest <see cref="SampleChance.Bits"/> of (seed, 0, 0, position). A
/// centroid that loses all its members stays where it is. Reads the source once to draw and once an iteration; stops early when
/// an iteration moves no embedding. Memory: 12 k d bytes, 4 a row, and a batch of rows. Sums are in double precision in reading order.
/// </remarks>
public sealed class KMeans
{
    private const int BatchRows = 2_048;

    private readonly bool _spherical;

    private KMeans(float[][] centroids, bool spherical) => (Centroids, _spherical) = (centroids, spherical);

    /// <summary>Centroids; spherical ones of length 1 each.</summary>
    public IReadOnlyList<float[]> Centroids { get; }

    /// <summary>Finds centroids.</summary>
    /// <param name="source">The embeddings.</param>
    /// <param name="clusters">k; fewer where the source has fewer embeddings.</param>
    /// <param name="iterations">Most iterations, at least 1.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="spherical">True for spherical, false for Euclidean.</param>
    /// <param name="cancellationToken">Observed in every reading.</param>
    public static KMeans Train(
        IEmbeddingSource source, int clusters, int iterations, long seed, bool spherical = true, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        var means = new KMeans(Draw(source, clusters, seed), spherical);
        var assigned = new List<int>();
        for (var i = 0; i < iterations && means.Centroids.Count > 0 && means.Step(source, assigned, cancellationToken); i++)
        {
        }

        return means;
    }

    /// <summary>Assigns rows to the centroids by the dot product, some thousand at a time.</summary>
    /// <param name="rows">Rows of the centroids' length, each with something of the caller's.</param>
    /// <param name="nearest">The centroids.</param>
    /// <param name="dimension">Floats of a row.</param>
    /// <param name="cancellationToken">Observed in between.</param>
    /// <returns>What was given, in order, each row valid until the next is asked for.</returns>
    public static IEnumerable<(T Item, ReadOnlyMemory<float> Row, int Cluster, float Similarity)> Assign<T>(
        IEnumerable<(T Item, ReadOnlyMemory<float> Row)> rows, NearestCentroid nearest, int dimension, CancellationToken cancellationToken)
    {
        var (items, batch) = (new List<T>(BatchRows), new float[BatchRows * dimension]);
        var (clusters, similarities) = (new int[BatchRows], new float[BatchRows]);
        foreach (var (item, row) in rows)
        {
            row.CopyTo(batch.AsMemory(items.Count * dimension));
            items.Add(item);
            if (items.Count == BatchRows)
            {
                nearest.Assign(batch, clusters, similarities, cancellationToken);
                for (var i = 0; i < items.Count; i++)
                {
                    yield return (items[i], batch.AsMemory(i * dimension, dimension), clusters[i], similarities[i]);
                }

                items.Clear();
            }
        }

        nearest.Assign(batch.AsMemory(0, items.Count * dimension), clusters.AsMemory(0, items.Count), similarities, cancellationToken);
        for (var i = 0; i < items.Count; i++)
        {
            yield return (items[i], batch.AsMemory(i * dimension, dimension), clusters[i], similarities[i]);
        }
    }

    private static float[][] Draw(IEmbeddingSource source, int clusters, long seed)
    {
        // The k smallest so far; the queue gives up its largest first.
        var drawn = new PriorityQueue<(ulong Position, float[] Row), ulong>(Comparer<ulong>.Create((a, b) => b.CompareTo(a)));
        var position = 0UL;
        foreach (var row in source.Open())
        {
            var bits = SampleChance.Bits(seed, 0, 0, position);
            if (drawn.Count < clusters)
            {
                drawn.Enqueue((position, row.ToArray()), bits);
            }
            else if (drawn.TryPeek(out _, out var largest) && bits < largest)
            {
                drawn.DequeueEnqueue((position, row.ToArray()), bits);
            }

            position++;
        }

        return [.. drawn.UnorderedItems.OrderBy(d => d.Priority).Select(d => d.Element.Row)];
    }

    private bool Step(IEmbeddingSource source, List<int> assigned, CancellationToken cancellationToken)
    {
        var sums = Enumerable.Range(0, Centroids.Count).Select(_ => new double[source.Dimension]).ToArray();
        var counts = new long[sums.Length];
        var nearest = new NearestCentroid(Centroids, euclidean: !_spherical);
        var (position, moved) = (0, false);
        foreach (var (_, row, cluster, _) in Assign(source.Open().Select(r => (0, r)), nearest, source.Dimension, cancellationToken))
        {
            if (position == assigned.Count)
            {
                assigned.Add(-1);
            }

            moved |= assigned[position] != cluster;
            assigned[position++] = cluster;
            counts[cluster]++;
            var sum = sums[cluster];
            var values = row.Span;
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += values[i];
            }
        }

        for (var i = 0; i < sums.Length; i++)
        {
            var length = _spherical ? Math.Sqrt(TensorPrimitives.SumOfSquares<double>(sums[i])) : counts[i];
            if (length > 0)
            {
                for (var j = 0; j < sums[i].Length; j++)
                {
                    Centroids[i][j] = (float)(sums[i][j] / length);
                }
            }
        }

        return moved;
    }
}
