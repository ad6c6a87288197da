namespace Orchestrator.Inference.Images;

/// <summary>The two passes in plain code: the reference for the vector path and what runs where there is none.</summary>
internal static class PilScalarPass
{
    private const int Half = 1 << (PilCoefficients.PrecisionBits - 1);

    /// <summary>Resamples each row to <c>weights.First.Length</c> pixels.</summary>
    public static void Horizontal(ReadOnlySpan<byte> source, int sourceStride, int channels, PilCoefficients weights, int rows, Span<byte> output, int outputStride)
    {
        for (var y = 0; y < rows; y++)
        {
            var line = source.Slice(y * sourceStride, sourceStride);
            var into = output.Slice(y * outputStride, outputStride);
            for (var x = 0; x < weights.First.Length; x++)
            {
                var row = weights.Weights.AsSpan(x * weights.Taps, weights.Count[x]);
                for (var channel = 0; channel < channels; channel++)
                {
                    var at = (weights.First[x] * channels) + channel;
                    var sum = Half;
                    foreach (var weight in row)
                    {
                        sum += line[at] * weight;
                        at += channels;
                    }

                    into[(x * channels) + channel] = Clip8(sum);
                }
            }
        }
    }

    /// <summary>One output row: the weighted sum of the rows that start <paramref name="stride"/> bytes apart.</summary>
    public static void Vertical(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights, Span<byte> output)
    {
        for (var x = 0; x < output.Length; x++)
        {
            var sum = Half;
            for (var t = 0; t < weights.Length; t++)
            {
                sum += rows[(t * stride) + x] * weights[t];
            }

            output[x] = Clip8(sum);
        }
    }

    private static byte Clip8(int sum) => (byte)Math.Clamp(sum >> PilCoefficients.PrecisionBits, 0, 255);
}
