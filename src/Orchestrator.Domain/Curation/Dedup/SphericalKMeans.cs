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
/// Spherical k-means: centroids of length 1, each embedding belongs to the centroid of largest dot product, the lowest number
/// among equals (SemDeDup, arXiv 2303.09540, section 3; faiss <c>Kmeans(spherical=True)</c>).
/// </summary>
/// <remarks>
/// Begins at k embeddings drawn by the seed: those with the smallest <see cref="SampleChance.Bits"/> of (seed, 0, 0, position). A
/// centroid that loses all its members stays where it is. Reads the source once to draw and once an iteration; stops early when
/// an iteration moves no embedding. Memory: 12 k d bytes and 4 a row. Sums are in double precision in reading order.
/// </remarks>
public sealed class SphericalKMeans
{
    private SphericalKMeans(float[][] centroids) => Centroids = centroids;

    /// <summary>Centroids, each of length 1.</summary>
    public IReadOnlyList<float[]> Centroids { get; }

    /// <summary>Finds centroids.</summary>
    /// <param name="source">The embeddings.</param>
    /// <param name="clusters">k; fewer where the source has fewer embeddings.</param>
    /// <param name="iterations">Most iterations, at least 1.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="cancellationToken">Observed in every reading.</param>
    public static SphericalKMeans Train(IEmbeddingSource source, int clusters, int iterations, long seed, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1);
        var means = new SphericalKMeans(Draw(source, clusters, seed));
        var assigned = new List<int>();
        for (var i = 0; i < iterations && means.Step(source, assigned, cancellationToken); i++)
        {
        }

        return means;
    }

    /// <summary>The cluster of an embedding and its dot product with the centroid.</summary>
    public (int Cluster, float Similarity) Assign(ReadOnlySpan<float> embedding)
    {
        var (best, similarity) = (0, float.NegativeInfinity);
        for (var i = 0; i < Centroids.Count; i++)
        {
            var dot = TensorPrimitives.Dot(embedding, Centroids[i]);
            if (dot > similarity)
            {
                (best, similarity) = (i, dot);
            }
        }

        return (best, similarity);
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
        var sums = new double[Centroids.Count][];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = new double[source.Dimension];
        }

        var (position, moved) = (0, false);
        foreach (var row in source.Open())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var cluster = Assign(row.Span).Cluster;
            if (position == assigned.Count)
            {
                assigned.Add(-1);
            }

            moved |= assigned[position] != cluster;
            assigned[position++] = cluster;
            var sum = sums[cluster];
            var values = row.Span;
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += values[i];
            }
        }

        for (var i = 0; i < sums.Length; i++)
        {
            var length = Math.Sqrt(TensorPrimitives.SumOfSquares<double>(sums[i]));
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
