using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>A compressed picture with the name and the size it claims.</summary>
internal sealed record EncodedPicture(byte[] Bytes, string Extension, int Width, int Height)
{
    public static EncodedPicture Of(SKBitmap bitmap, PictureFormat format, int quality) => new(
        PictureEncoder.Encode(bitmap, format, quality), PictureEncoder.Extension(format), bitmap.Width, bitmap.Height);
}
