using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Inference.Images;

/// <summary>
/// The pHash of a decoded image: grey as PIL's <c>convert("L")</c> gives it, <c>(19595 R + 38470 G + 7471 B + 32768) >> 16</c>,
/// PIL's Lanczos resize to 32 x 32, then <see cref="DctHash"/>. The same steps as <c>imagehash.phash</c>.
/// </summary>
public static class PerceptualHash
{
    /// <summary>Hashes an image. Thread-safe.</summary>
    public static ulong Of(DecodedImage image)
    {
        var small = PilResampler.Resize(ToGrey(image), DctHash.Side, DctHash.Side, PilFilter.Lanczos);
        return DctHash.Of(small.Pixels);
    }

    private static DecodedImage ToGrey(DecodedImage image)
    {
        if (image.Channels == 1)
        {
            return image;
        }

        var colours = image.Pixels.AsSpan();
        var grey = GC.AllocateUninitializedArray<byte>(image.Width * image.Height);
        for (var (i, at) = (0, 0); i < grey.Length; i++, at += 3)
        {
            grey[i] = (byte)(((19595 * colours[at]) + (38470 * colours[at + 1]) + (7471 * colours[at + 2]) + 0x8000) >> 16);
        }

        return new DecodedImage(image.Width, image.Height, 1, grey);
    }
}
