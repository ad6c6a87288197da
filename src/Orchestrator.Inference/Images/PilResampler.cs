using System.Buffers;
using System.Runtime.Intrinsics.X86;

namespace Orchestrator.Inference.Images;

/// <summary>A rectangle of pixels: left and top edge, width and height.</summary>
/// <param name="X">Left column.</param>
/// <param name="Y">Top row.</param>
/// <param name="Width">Columns, at least 1.</param>
/// <param name="Height">Rows, at least 1.</param>
public readonly record struct PixelRect(int X, int Y, int Width, int Height);

/// <summary>
/// Pillow's resampler on 8-bit pixels, bit for bit: horizontal pass, 8-bit rows between, vertical pass, 22-bit fixed-point
/// weights, round half up, clip.
/// </summary>
/// <remarks>
/// Source: Pillow 9.4, src/libImaging/Resample.c. Every output sample depends on its own weights alone, so a window of the
/// result (a centre crop) is computed without the rest: same bits, less work. Pillow 12.2 and later resizes images more than
/// 100 times taller than wide vertically first; this class keeps the order of all versions before.
/// Cost: about (source rows used x window width x horizontal taps + window size x vertical taps) x channels multiplications.
/// Vector path on x86 with AVX2 (exact: each weight is split in a low and a high part that fit 16-bit multiply-add, and the
/// two sums are joined modulo 2^32); portable scalar path elsewhere. Thread-safe: no state.
/// </remarks>
public static class PilResampler
{
    /// <summary>Resizes a whole image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1 or the filter is unknown.</exception>
    public static DecodedImage Resize(DecodedImage image, int width, int height, PilFilter filter)
    {
        var pixels = new byte[checked(width * height * image.Channels)];
        Resize(image, width, height, filter, new PixelRect(0, 0, width, height), pixels);
        return new DecodedImage(width, height, image.Channels, pixels);
    }

    /// <summary>Resizes to <paramref name="width"/> x <paramref name="height"/> and writes only <paramref name="window"/> of the result.</summary>
    /// <param name="image">Source.</param>
    /// <param name="width">Columns of the whole result.</param>
    /// <param name="height">Rows of the whole result.</param>
    /// <param name="filter">Kernel.</param>
    /// <param name="window">Part of the result to compute; lies inside it.</param>
    /// <param name="destination">window.Height x window.Width x channels bytes.</param>
    /// <exception cref="ArgumentException">The window leaves the result, or the destination has another length.</exception>
    public static void Resize(DecodedImage image, int width, int height, PilFilter filter, PixelRect window, Span<byte> destination) =>
        Resize(image, width, height, filter, window, destination, Avx2.IsSupported);

    /// <summary>As above with the code path chosen by the caller: tests hold the two paths equal.</summary>
    internal static void Resize(DecodedImage image, int width, int height, PilFilter filter, PixelRect window, Span<byte> destination, bool vectorised)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (!Enum.IsDefined(filter))
        {
            throw new ArgumentOutOfRangeException(nameof(filter), filter, "is not one of PIL's filters 0 to 5");
        }

        if (window.Width < 1 || window.Height < 1 || window.X < 0 || window.Y < 0 || window.X > width - window.Width || window.Y > height - window.Height)
        {
            throw new ArgumentException($"{window} leaves the {width} x {height} result", nameof(window));
        }

        var channels = image.Channels;
        if (destination.Length != (long)window.Width * window.Height * channels)
        {
            throw new ArgumentException($"{window} with {channels} channels needs {(long)window.Width * window.Height * channels} bytes, got {destination.Length}", nameof(destination));
        }

        if (filter == PilFilter.Nearest)
        {
            PilNearest.Resize(image, width, height, window, destination);
            return;
        }

        var vertical = height != image.Height ? PilCoefficients.Compute(filter, image.Height, height, window.Y, window.Height) : null;
        var horizontal = width != image.Width ? PilCoefficients.Compute(filter, image.Width, width, window.X, window.Width) : null;
        var firstRow = vertical?.First[0] ?? window.Y;
        var lastRow = vertical is null ? window.Y + window.Height : vertical.First[^1] + vertical.Count[^1];

        var sourceStride = image.Width * channels;
        if (horizontal is null)
        {
            var rows = image.Pixels.AsSpan(firstRow * sourceStride);
            Vertical(rows, sourceStride, window.X * channels, vertical, firstRow, window, channels, destination, vectorised);
            return;
        }

        // Padded rows let the vector path store four bytes for a pixel of three.
        var stride = (((window.Width * channels) + 4 + 31) / 32) * 32;
        var between = ArrayPool<byte>.Shared.Rent(checked(stride * (lastRow - firstRow)));
        try
        {
            var source = image.Pixels.AsSpan(firstRow * sourceStride);
            if (vectorised)
            {
                PilVectorPass.Horizontal(source, sourceStride, channels, horizontal, lastRow - firstRow, between, stride);
            }
            else
            {
                PilScalarPass.Horizontal(source, sourceStride, channels, horizontal, lastRow - firstRow, between, stride);
            }

            Vertical(between, stride, 0, vertical, firstRow, window, channels, destination, vectorised);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(between);
        }
    }

    private static void Vertical(
        ReadOnlySpan<byte> rows, int stride, int offset, PilCoefficients? vertical, int firstRow, PixelRect window, int channels, Span<byte> destination, bool vectorised)
    {
        var length = window.Width * channels;
        for (var y = 0; y < window.Height; y++)
        {
            var output = destination.Slice(y * length, length);
            if (vertical is null)
            {
                rows.Slice((y * stride) + offset, length).CopyTo(output);
                continue;
            }

            var start = ((vertical.First[y] - firstRow) * stride) + offset;
            var weights = vertical.Weights.AsSpan(y * vertical.Taps, vertical.Count[y]);
            if (vectorised)
            {
                PilVectorPass.Vertical(rows[start..], stride, weights, output);
            }
            else
            {
                PilScalarPass.Vertical(rows[start..], stride, weights, output);
            }
        }
    }
}
