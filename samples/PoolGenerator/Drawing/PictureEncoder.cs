using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

public enum PictureFormat { Jpeg, Png, WebP }

/// <summary>Compressed bytes of a picture.</summary>
internal static class PictureEncoder
{
    /// <param name="bitmap">The picture.</param>
    /// <param name="format">Container; PNG is lossless.</param>
    /// <param name="quality">JPEG and WebP quality, 1 to 100.</param>
    public static byte[] Encode(SKBitmap bitmap, PictureFormat format, int quality)
    {
        using var pixels = bitmap.PeekPixels();
        using var data = format switch
        {
            PictureFormat.Jpeg => pixels.Encode(new SKJpegEncoderOptions(
                quality, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore)),
            PictureFormat.Png => pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, 4)),
            _ => pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality)),
        };
        return data?.ToArray()
            ?? throw new InvalidOperationException($"SkiaSharp could not encode a {bitmap.Width} x {bitmap.Height} picture as {format}.");
    }

    /// <summary>The usual file extension: <c>jpg</c>, <c>png</c> or <c>webp</c>.</summary>
    public static string Extension(PictureFormat format) => format switch
    {
        PictureFormat.Jpeg => "jpg",
        PictureFormat.Png => "png",
        _ => "webp",
    };
}
