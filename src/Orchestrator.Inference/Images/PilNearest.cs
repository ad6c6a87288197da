namespace Orchestrator.Inference.Images;

/// <summary>PIL's nearest neighbour: source positions are accumulated, not multiplied (Pillow, Geometry.c, ImagingScaleAffine).</summary>
internal static class PilNearest
{
    public static void Resize(DecodedImage image, int width, int height, PixelRect window, Span<byte> destination)
    {
        var columns = Positions(image.Width, width, window.X, window.Width);
        var rows = Positions(image.Height, height, window.Y, window.Height);
        var channels = image.Channels;
        var to = 0;
        for (var y = 0; y < window.Height; y++)
        {
            var line = image.Pixels.AsSpan(rows[y] * image.Width * channels, image.Width * channels);
            for (var x = 0; x < window.Width; x++, to += channels)
            {
                line.Slice(columns[x] * channels, channels).CopyTo(destination[to..]);
            }
        }
    }

    private static int[] Positions(int sourceSize, int targetSize, int from, int length)
    {
        var step = (double)sourceSize / targetSize;
        var at = step * 0.5;
        var positions = new int[length];
        for (var i = 0; i < from + length; i++, at += step)
        {
            if (i >= from)
            {
                positions[i - from] = Math.Min((int)at, sourceSize - 1);
            }
        }

        return positions;
    }
}
