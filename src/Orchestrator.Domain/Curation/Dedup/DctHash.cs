namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>
/// The 64-bit DCT hash of a picture (pHash), by the rule of the Python library <c>imagehash</c>: a 32 x 32 grey picture, its
/// two-dimensional DCT-II, the 8 x 8 lowest frequencies, one bit for each that is above their median.
/// </summary>
/// <remarks>
/// Defined in whole numbers, so that every machine finds the same bits: the cosine of term (k, n) is
/// <c>round(2^20 cos(pi k (2n + 1) / 64))</c>, half away from zero; the transform is two exact 64-bit sums; the median of 64
/// values is compared as <c>2 value &gt; 32nd + 33rd</c>. Bits go row by row (vertical frequency, then horizontal), the
/// constant term first and highest. A picture of one colour has that bit alone, a black one none.
/// </remarks>
public static class DctHash
{
    /// <summary>Side of the grey picture that is hashed.</summary>
    public const int Side = 32;

    private const int Low = 8;
    private const double Unit = 1 << 20;

    private static readonly long[] Cosines = MakeCosines();

    /// <summary>Hashes a picture.</summary>
    /// <param name="grey">32 x 32 values, row by row, 0 to 255.</param>
    /// <exception cref="ArgumentException">There are not 1,024 values.</exception>
    public static ulong Of(ReadOnlySpan<byte> grey)
    {
        if (grey.Length != Side * Side)
        {
            throw new ArgumentException($"A picture of {Side} x {Side} has {Side * Side} values, not {grey.Length}.", nameof(grey));
        }

        Span<long> rows = stackalloc long[Side * Low];
        for (var y = 0; y < Side; y++)
        {
            for (var k = 0; k < Low; k++)
            {
                var sum = 0L;
                for (var x = 0; x < Side; x++)
                {
                    sum += Cosines[(k * Side) + x] * grey[(y * Side) + x];
                }

                rows[(y * Low) + k] = sum;
            }
        }

        Span<long> low = stackalloc long[Low * Low];
        for (var v = 0; v < Low; v++)
        {
            for (var k = 0; k < Low; k++)
            {
                var sum = 0L;
                for (var y = 0; y < Side; y++)
                {
                    sum += Cosines[(v * Side) + y] * rows[(y * Low) + k];
                }

                low[(v * Low) + k] = sum;
            }
        }

        return Bits(low);
    }

    private static ulong Bits(ReadOnlySpan<long> low)
    {
        Span<long> sorted = stackalloc long[low.Length];
        low.CopyTo(sorted);
        sorted.Sort();
        var twiceMedian = sorted[(low.Length / 2) - 1] + sorted[low.Length / 2];
        var bits = 0UL;
        foreach (var value in low)
        {
            bits = (bits << 1) | (2 * value > twiceMedian ? 1UL : 0UL);
        }

        return bits;
    }

    private static long[] MakeCosines()
    {
        var table = new long[Low * Side];
        for (var k = 0; k < Low; k++)
        {
            for (var n = 0; n < Side; n++)
            {
                table[(k * Side) + n] = (long)Math.Round(Unit * Math.Cos(Math.PI * k * ((2 * n) + 1) / (2 * Side)), MidpointRounding.AwayFromZero);
            }
        }

        return table;
    }
}
