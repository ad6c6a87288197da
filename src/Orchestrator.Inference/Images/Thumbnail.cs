using NetVips;

namespace Orchestrator.Inference.Images;

/// <summary>Small pictures for pages.</summary>
public static class Thumbnail
{
    /// <summary>Longest side in pixels.</summary>
    public const int Side = 192;

    private const int Quality = 72;

    /// <summary>
    /// A JPEG without metadata whose longest side is at most <see cref="Side"/>; smaller images keep their size. The same pixels
    /// give the same bytes.
    /// </summary>
    public static byte[] Jpeg(DecodedImage image)
    {
        var scale = Math.Min(1.0, (double)Side / Math.Max(image.Width, image.Height));
        var (width, height) = (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
        var small = scale < 1 ? PilResampler.Resize(image, width, height, PilFilter.Bicubic) : image;
        using var picture = Image.NewFromMemory(small.Pixels, width, height, small.Channels, Enums.BandFormat.Uchar);
        return picture.JpegsaveBuffer(q: Quality, keep: Enums.ForeignKeep.None, optimizeCoding: true);
    }
}
