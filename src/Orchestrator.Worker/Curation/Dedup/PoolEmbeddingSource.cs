using System.Numerics.Tensors;
using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>Embeddings of a pool, widened and made of length 1 again: fp16 has moved it by up to a thousandth.</summary>
/// <param name="open">Begins a reading of the half-precision rows.</param>
/// <param name="dimension">Values of a row.</param>
internal sealed class PoolEmbeddingSource(Func<IEnumerable<Half[]>> open, int dimension) : IEmbeddingSource
{
    public int Dimension => dimension;

    public IEnumerable<ReadOnlyMemory<float>> Open()
    {
        var row = new float[dimension];
        foreach (var half in open())
        {
            Widen(half, row);
            yield return row;
        }
    }

    /// <summary>Widens a row.</summary>
    public static void Widen(Half[] half, Span<float> row)
    {
        TensorPrimitives.ConvertToSingle(half, row);
        var length = TensorPrimitives.Norm<float>(row);
        if (length > 0)
        {
            TensorPrimitives.Divide(row, length, row);
        }
    }
}
