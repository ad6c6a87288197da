namespace Orchestrator.Inference.Images;

/// <summary>
/// Fixed-point weights of one axis: output sample <c>i</c> is
/// <c>clip8((2^21 + sum_t Weights[i*Taps + t] * source[First[i] + t]) >> 22)</c> for <c>t &lt; Count[i]</c>.
/// </summary>
/// <remarks>Source: Pillow, src/libImaging/Resample.c, precompute_coeffs and normalize_coeffs_8bpc. Antialiased: the kernel is stretched by the scale when shrinking.</remarks>
internal sealed class PilCoefficients
{
    /// <summary>Fraction bits of a weight: 32 less 8 for the sample and 2 for overshoot.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private PilCoefficients(int taps, int[] first, int[] count, int[] weights) =>
        (Taps, First, Count, Weights) = (taps, first, count, weights);

    /// <summary>Stride between the weights of neighbouring outputs.</summary>
    public int Taps { get; }

    /// <summary>First source sample of each output.</summary>
    public int[] First { get; }

    /// <summary>Source samples of each output.</summary>
    public int[] Count { get; }

    /// <summary>Weights, zero beyond each output's count.</summary>
    public int[] Weights { get; }

    /// <summary>Weights for outputs [<paramref name="from"/>, from + <paramref name="length"/>) of a resize from <paramref name="sourceSize"/> to <paramref name="targetSize"/> samples.</summary>
    public static PilCoefficients Compute(PilFilter filter, int sourceSize, int targetSize, int from, int length)
    {
        // PIL holds the box as floats; sizes are exact there up to 2^24.
        var scale = (double)(float)sourceSize / targetSize;
        var stretch = Math.Max(scale, 1.0);
        var support = PilKernels.Support(filter) * stretch;
        var taps = ((int)Math.Ceiling(support) * 2) + 1;
        var inverse = 1.0 / stretch;

        var first = new int[length];
        var count = new int[length];
        var weights = new int[checked(length * taps)];
        var row = new double[taps];
        for (var i = 0; i < length; i++)
        {
            var center = (from + i + 0.5) * scale;
            var low = Math.Max((int)(center - support + 0.5), 0);
            var high = Math.Min((int)(center + support + 0.5), sourceSize);
            var n = high - low;
            var sum = 0.0;
            for (var t = 0; t < n; t++)
            {
                row[t] = PilKernels.Weight(filter, (t + low - center + 0.5) * inverse);
                sum += row[t];
            }

            for (var t = 0; t < n; t++)
            {
                var weight = sum != 0.0 ? row[t] / sum : row[t];
                weights[(i * taps) + t] = (int)((weight < 0 ? -0.5 : 0.5) + (weight * (1 << PrecisionBits)));
            }

            first[i] = low;
            count[i] = n;
        }

        return new PilCoefficients(taps, first, count, weights);
    }
}
