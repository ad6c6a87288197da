using System.Numerics.Tensors;

namespace Orchestrator.Inference.Sessions;

/// <summary>Arithmetic on rows of embeddings.</summary>
public static class Embeddings
{
    /// <summary>
    /// Divides each row by its Euclidean norm, in place. A row whose norm is zero or not finite becomes NaN throughout: no
    /// direction exists, and a NaN score is seen by the caller where a silent zero would be ranked.
    /// </summary>
    /// <param name="rows">Rows of <paramref name="width"/> floats.</param>
    /// <param name="width">Floats in a row.</param>
    public static void Normalize(Span<float> rows, int width)
    {
        for (var at = 0; at < rows.Length; at += width)
        {
            var row = rows.Slice(at, width);
            var norm = Norm(row);
            if (norm > 0 && double.IsFinite(norm))
            {
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = (float)(row[i] / norm);
                }
            }
            else
            {
                row.Fill(float.NaN);
            }
        }
    }

    /// <summary>Cosine of each pair of rows, in [-1, 1] up to rounding; NaN where a row is NaN. Rows are already normalised.</summary>
    /// <param name="images">count x width floats.</param>
    /// <param name="texts">count x width floats.</param>
    /// <param name="width">Floats in a row.</param>
    /// <param name="cosines">count places.</param>
    public static void RowCosines(ReadOnlySpan<float> images, ReadOnlySpan<float> texts, int width, Span<float> cosines)
    {
        if (images.Length != texts.Length || images.Length != (long)cosines.Length * width)
        {
            throw new ArgumentException($"{images.Length} image floats, {texts.Length} text floats and {cosines.Length} places do not make rows of {width}", nameof(cosines));
        }

        for (var i = 0; i < cosines.Length; i++)
        {
            cosines[i] = TensorPrimitives.Dot(images.Slice(i * width, width), texts.Slice(i * width, width));
        }
    }

    /// <summary>In double: squares of large half-precision activations would leave single precision.</summary>
    private static double Norm(ReadOnlySpan<float> row)
    {
        var sum = 0.0;
        foreach (var value in row)
        {
            sum += (double)value * value;
        }

        return Math.Sqrt(sum);
    }
}
