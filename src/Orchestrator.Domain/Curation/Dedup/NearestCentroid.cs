using System.Numerics.Tensors;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>Finds the centroid of largest dot product, the lowest number among equals, 0 for a row that is no number; optionally of least Euclidean distance.</summary>
/// <remarks>Rows are taken in blocks, so that a centroid is read once for a block of them, and blocks run side by side; the result of a row depends on the row alone.</remarks>
public sealed class NearestCentroid
{
    private const int BlockRows = 32;

    private readonly IReadOnlyList<float[]> _centroids;
    private readonly float[]? _halfSquares;

    /// <param name="centroids">At least one, all of one length.</param>
    /// <param name="euclidean">True for the least distance: the largest dot product less half the centroid's square.</param>
    public NearestCentroid(IReadOnlyList<float[]> centroids, bool euclidean = false) =>
        (_centroids, _halfSquares) = (centroids, euclidean ? [.. centroids.Select(c => TensorPrimitives.SumOfSquares<float>(c) / 2)] : null);

    /// <summary>Assigns rows.</summary>
    /// <param name="rows">[count, dimension].</param>
    /// <param name="clusters">count places for the number of the centroid.</param>
    /// <param name="similarities">count places for the dot product with it.</param>
    /// <param name="cancellationToken">Observed between blocks.</param>
    public void Assign(ReadOnlyMemory<float> rows, Memory<int> clusters, Memory<float> similarities, CancellationToken cancellationToken)
    {
        var (count, dimension) = (clusters.Length, _centroids[0].Length);
        var blocks = (count + BlockRows - 1) / BlockRows;
        Parallel.For(0, blocks, new ParallelOptions { CancellationToken = cancellationToken }, block =>
        {
            var (first, size) = (block * BlockRows, Math.Min(BlockRows, count - (block * BlockRows)));
            Assign(rows.Span.Slice(first * dimension, size * dimension), dimension, clusters.Span.Slice(first, size), similarities.Span.Slice(first, size));
        });
    }

    private void Assign(ReadOnlySpan<float> rows, int dimension, Span<int> clusters, Span<float> similarities)
    {
        Span<float> best = stackalloc float[clusters.Length];
        best.Fill(float.NegativeInfinity);
        similarities.Fill(float.NegativeInfinity);
        clusters.Clear();
        for (var centroid = 0; centroid < _centroids.Count; centroid++)
        {
            var values = _centroids[centroid];
            var less = _halfSquares?[centroid] ?? 0;
            for (var row = 0; row < clusters.Length; row++)
            {
                var dot = TensorPrimitives.Dot(rows.Slice(row * dimension, dimension), values);
                if (dot - less > best[row])
                {
                    (best[row], clusters[row], similarities[row]) = (dot - less, centroid, dot);
                }
            }
        }
    }
}
