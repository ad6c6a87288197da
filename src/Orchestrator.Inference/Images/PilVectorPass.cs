using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orchestrator.Inference.Images;

/// <summary>
/// The two passes with AVX2. A weight k is split as <c>k = high * 2^11 + low</c>, <c>0 &lt;= low &lt; 2^11</c>; both parts fit
/// 16 bits, so pairs of taps go through one multiply-add each, and <c>sum = sumHigh * 2^11 + sumLow</c> is exact modulo 2^32,
/// where Pillow's own sum lives.
/// </summary>
internal static unsafe class PilVectorPass
{
    private const int SplitBits = 11;
    private const int SplitMask = (1 << SplitBits) - 1;
    private const int Half = 1 << (PilCoefficients.PrecisionBits - 1);

    /// <summary>Bytes a load may touch beyond the last tap of a row.</summary>
    private const int OverRead = 32;

    /// <summary>Resamples each row, four rows at a time.</summary>
    public static void Horizontal(ReadOnlySpan<byte> source, int sourceStride, int channels, PilCoefficients weights, int rows, Span<byte> output, int outputStride)
    {
        var tapsPerGroup = channels == 3 ? 4 : 16;
        var groups = (weights.Taps + tapsPerGroup - 1) / tapsPerGroup;
        var width = weights.First.Length;
        var packed = ArrayPool<short>.Shared.Rent(checked(width * groups * 32));
        var padded = ArrayPool<byte>.Shared.Rent((4 * (sourceStride + OverRead)) + OverRead);
        try
        {
            Pack(weights, channels, groups, packed);
            fixed (byte* input = source, scratch = padded, result = output)
            fixed (short* coefficients = packed)
            {
                var lines = stackalloc byte*[4];
                for (var y = 0; y < rows; y += 4)
                {
                    var n = Math.Min(4, rows - y);
                    for (var i = 0; i < 4; i++)
                    {
                        var row = y + Math.Min(i, n - 1);
                        var begin = (long)row * sourceStride;
                        lines[i] = input + begin;
                        // Groups of taps may read past the row; past the buffer they may not.
                        if (begin + sourceStride + ((long)tapsPerGroup * channels) + OverRead > source.Length)
                        {
                            lines[i] = scratch + (i * (sourceStride + OverRead));
                            source.Slice((int)begin, sourceStride).CopyTo(new Span<byte>(lines[i], sourceStride));
                        }
                    }

                    var into = result + ((long)y * outputStride);
                    if (channels == 3)
                    {
                        Rgb(lines, n, weights, coefficients, groups, into, outputStride);
                    }
                    else
                    {
                        Grey(lines, n, weights, coefficients, groups, into, outputStride);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<short>.Shared.Return(packed);
            ArrayPool<byte>.Shared.Return(padded);
        }
    }

    /// <summary>One output row from the rows that start <paramref name="stride"/> bytes apart.</summary>
    public static void Vertical(ReadOnlySpan<byte> rows, int stride, ReadOnlySpan<int> weights, Span<byte> output)
    {
        if (output.Length < 32)
        {
            PilScalarPass.Vertical(rows, stride, weights, output);
            return;
        }

        fixed (byte* input = rows, result = output)
        {
            for (var x = 0; x < output.Length; x += 32)
            {
                // The last block overlaps its neighbour and writes the same bytes again.
                x = Math.Min(x, output.Length - 32);
                VerticalBlock(input + x, stride, weights, result + x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void VerticalBlock(byte* input, int stride, ReadOnlySpan<int> weights, byte* output)
    {
        var zero = Vector256<byte>.Zero;
        Vector256<int> low0 = default, low1 = default, low2 = default, low3 = default;
        Vector256<int> high0 = default, high1 = default, high2 = default, high3 = default;
        for (var t = 0; t < weights.Length; t += 2)
        {
            var top = Vector256.Load(input + ((long)t * stride));
            var (a, b, under) = (weights[t], 0, top);
            if (t + 1 < weights.Length)
            {
                b = weights[t + 1];
                under = Vector256.Load(input + ((long)(t + 1) * stride));
            }

            var low = Vector256.Create((a & SplitMask) | ((b & SplitMask) << 16)).AsInt16();
            var high = Vector256.Create(((a >> SplitBits) & 0xFFFF) | ((b >> SplitBits) << 16)).AsInt16();
            var first = Avx2.UnpackLow(top, under);
            var second = Avx2.UnpackHigh(top, under);

            var pair = Avx2.UnpackLow(first, zero).AsInt16();
            low0 = Avx2.Add(low0, Avx2.MultiplyAddAdjacent(pair, low));
            high0 = Avx2.Add(high0, Avx2.MultiplyAddAdjacent(pair, high));
            pair = Avx2.UnpackHigh(first, zero).AsInt16();
            low1 = Avx2.Add(low1, Avx2.MultiplyAddAdjacent(pair, low));
            high1 = Avx2.Add(high1, Avx2.MultiplyAddAdjacent(pair, high));
            pair = Avx2.UnpackLow(second, zero).AsInt16();
            low2 = Avx2.Add(low2, Avx2.MultiplyAddAdjacent(pair, low));
            high2 = Avx2.Add(high2, Avx2.MultiplyAddAdjacent(pair, high));
            pair = Avx2.UnpackHigh(second, zero).AsInt16();
            low3 = Avx2.Add(low3, Avx2.MultiplyAddAdjacent(pair, low));
            high3 = Avx2.Add(high3, Avx2.MultiplyAddAdjacent(pair, high));
        }

        var front = Avx2.PackSignedSaturate(Join(low0, high0), Join(low1, high1));
        var back = Avx2.PackSignedSaturate(Join(low2, high2), Join(low3, high3));
        Avx2.PackUnsignedSaturate(front, back).Store(output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Join(Vector256<int> low, Vector256<int> high) =>
        Avx2.ShiftRightArithmetic(Avx2.Add(Avx2.Add(low, Avx2.ShiftLeftLogical(high, SplitBits)), Vector256.Create(Half)), PilCoefficients.PrecisionBits);

    /// <summary>Per output pixel and group: 16 shorts of low parts, then 16 of high parts, in the order the shuffles deliver the samples.</summary>
    private static void Pack(PilCoefficients weights, int channels, int groups, Span<short> packed)
    {
        packed = packed[..(weights.First.Length * groups * 32)];
        packed.Clear();
        for (var x = 0; x < weights.First.Length; x++)
        {
            for (var t = 0; t < weights.Count[x]; t++)
            {
                var weight = weights.Weights[(x * weights.Taps) + t];
                var (low, high) = ((short)(weight & SplitMask), (short)(weight >> SplitBits));
                if (channels == 1)
                {
                    var at = (((x * groups) + (t / 16)) * 32) + (t % 16);
                    (packed[at], packed[at + 16]) = (low, high);
                    continue;
                }

                var group = ((x * groups) + (t / 4)) * 32;
                var lane = (t % 4 / 2 * 8) + (t % 2);
                for (var copy = 0; copy < 4; copy++)
                {
                    var at = group + lane + (copy * 2);
                    (packed[at], packed[at + 16]) = (low, high);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rgb(byte** lines, int n, PilCoefficients weights, short* packed, int groups, byte* output, int outputStride)
    {
        // Pixels 0 and 1 to the lower lane, 2 and 3 to the upper: R R G G B B - -, widened to 16 bits.
        var spread = Vector256.Create(
            (byte)0, 0x80, 3, 0x80, 1, 0x80, 4, 0x80, 2, 0x80, 5, 0x80, 0x80, 0x80, 0x80, 0x80,
            6, 0x80, 9, 0x80, 7, 0x80, 10, 0x80, 8, 0x80, 11, 0x80, 0x80, 0x80, 0x80, 0x80);
        byte* line0 = lines[0], line1 = lines[1], line2 = lines[2], line3 = lines[3];
        for (var x = 0; x < weights.First.Length; x++)
        {
            var used = (weights.Count[x] + 3) / 4;
            var k = packed + ((long)x * groups * 32);
            var at = weights.First[x] * 3;
            Vector256<int> low0 = default, low1 = default, low2 = default, low3 = default;
            Vector256<int> high0 = default, high1 = default, high2 = default, high3 = default;
            for (var g = 0; g < used; g++, k += 32, at += 12)
            {
                var low = Vector256.Load(k);
                var high = Vector256.Load(k + 16);
                var pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(line0 + at), spread).AsInt16();
                low0 = Avx2.Add(low0, Avx2.MultiplyAddAdjacent(pixels, low));
                high0 = Avx2.Add(high0, Avx2.MultiplyAddAdjacent(pixels, high));
                pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(line1 + at), spread).AsInt16();
                low1 = Avx2.Add(low1, Avx2.MultiplyAddAdjacent(pixels, low));
                high1 = Avx2.Add(high1, Avx2.MultiplyAddAdjacent(pixels, high));
                pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(line2 + at), spread).AsInt16();
                low2 = Avx2.Add(low2, Avx2.MultiplyAddAdjacent(pixels, low));
                high2 = Avx2.Add(high2, Avx2.MultiplyAddAdjacent(pixels, high));
                pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(line3 + at), spread).AsInt16();
                low3 = Avx2.Add(low3, Avx2.MultiplyAddAdjacent(pixels, low));
                high3 = Avx2.Add(high3, Avx2.MultiplyAddAdjacent(pixels, high));
            }

            var pixel = output + (x * 3);
            *(uint*)pixel = Pixel(low0, high0);
            if (n > 1)
            {
                *(uint*)(pixel + outputStride) = Pixel(low1, high1);
            }

            if (n > 2)
            {
                *(uint*)(pixel + (2L * outputStride)) = Pixel(low2, high2);
            }

            if (n > 3)
            {
                *(uint*)(pixel + (3L * outputStride)) = Pixel(low3, high3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Pixel(Vector256<int> low, Vector256<int> high)
    {
        var sum = Avx2.Add(low, Avx2.ShiftLeftLogical(high, SplitBits));
        var half = Sse2.Add(Sse2.Add(sum.GetLower(), sum.GetUpper()), Vector128.Create(Half));
        var words = Sse2.ShiftRightArithmetic(half, PilCoefficients.PrecisionBits);
        var shorts = Sse2.PackSignedSaturate(words, words);
        return Sse2.PackUnsignedSaturate(shorts, shorts).AsUInt32().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Grey(byte** lines, int n, PilCoefficients weights, short* packed, int groups, byte* output, int outputStride)
    {
        for (var x = 0; x < weights.First.Length; x++)
        {
            var used = (weights.Count[x] + 15) / 16;
            for (var i = 0; i < n; i++)
            {
                var k = packed + ((long)x * groups * 32);
                var at = lines[i] + weights.First[x];
                Vector256<int> low = default, high = default;
                for (var g = 0; g < used; g++, k += 32, at += 16)
                {
                    var samples = Avx2.ConvertToVector256Int16(at);
                    low = Avx2.Add(low, Avx2.MultiplyAddAdjacent(samples, Vector256.Load(k)));
                    high = Avx2.Add(high, Avx2.MultiplyAddAdjacent(samples, Vector256.Load(k + 16)));
                }

                var sum = unchecked(Vector256.Sum(Avx2.Add(low, Avx2.ShiftLeftLogical(high, SplitBits))) + Half);
                output[((long)i * outputStride) + x] = (byte)Math.Clamp(sum >> PilCoefficients.PrecisionBits, 0, 255);
            }
        }
    }
}
