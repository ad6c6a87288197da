using SkiaSharp;

namespace Orchestrator.Samples.PoolGenerator.Drawing;

/// <summary>What happens to pictures on their way through the web.</summary>
internal static class PictureDefects
{
    /// <summary>The picture rescaled to 85 to 115 % and cut by up to 3 % at the edges. The caller disposes it.</summary>
    public static SKBitmap Redraw(SKBitmap bitmap, SeededStream stream)
    {
        var scale = stream.Between(0.85, 1.15);
        var info = bitmap.Info.WithSize((int)(bitmap.Width * scale), (int)(bitmap.Height * scale));
        var left = (float)(bitmap.Width * stream.Between(0.0, 0.03));
        var top = (float)(bitmap.Height * stream.Between(0.0, 0.03));
        var source = new SKRect(left, top, left + bitmap.Width * 0.97f, top + bitmap.Height * 0.97f);
        var copy = new SKBitmap(info);
        using var canvas = new SKCanvas(copy);
        using var image = SKImage.FromBitmap(bitmap);
        canvas.DrawImage(
            image, source, new SKRect(0, 0, info.Width, info.Height), new SKSamplingOptions(SKCubicResampler.Mitchell));
        return copy;
    }

    /// <summary>The first 5 to 60 % of the bytes: sometimes the header alone is hurt, mostly the scan.</summary>
    public static byte[] Truncate(byte[] bytes, SeededStream stream)
        => bytes[..(int)(bytes.Length * stream.Between(0.05, 0.6))];
}
