namespace Orchestrator.Inference.Images;

/// <summary>PIL's conversions to <c>L</c> and <c>RGB</c> on interleaved samples (Pillow, src/libImaging/Convert.c and Unpack.c).</summary>
internal static class PilModes
{
    /// <summary>Keeps the first 1 (from 1 or 2 bands) or 3 (from 3 or more) bands. The input itself when nothing is dropped.</summary>
    public static byte[] DropAlpha(byte[] samples, int bands)
    {
        var keep = bands < 3 ? 1 : 3;
        if (bands == keep)
        {
            return samples;
        }

        var pixels = samples.Length / bands;
        var result = new byte[checked(pixels * keep)];
        for (int i = 0, from = 0, to = 0; i < pixels; i++, from += bands, to += keep)
        {
            result[to] = samples[from];
            if (keep == 3)
            {
                result[to + 1] = samples[from + 1];
                result[to + 2] = samples[from + 2];
            }
        }

        return result;
    }

    /// <summary>16-bit samples to 8: clipped at 255 (mode <c>I</c>) or the high byte (rawmodes such as <c>RGB;16B</c>).</summary>
    public static byte[] From16Bit(ushort[] wide, int bands, bool clip)
    {
        var keep = bands < 3 ? 1 : 3;
        var pixels = wide.Length / bands;
        var result = new byte[checked(pixels * keep)];
        for (var i = 0; i < pixels; i++)
        {
            for (var band = 0; band < keep; band++)
            {
                var value = wide[(i * bands) + band];
                result[(i * keep) + band] = clip ? (byte)Math.Min(value, (ushort)255) : (byte)(value >> 8);
            }
        }

        return result;
    }

    /// <summary>
    /// <c>channel = (255 - K) - C(255 - K)/255</c>, clipped, with PIL's rounding division by 255.
    /// </summary>
    /// <param name="samples">Interleaved C, M, Y, K and perhaps more bands.</param>
    /// <param name="bands">Bands in a pixel, 4 or more.</param>
    public static byte[] CmykToRgb(byte[] samples, int bands)
    {
        var pixels = samples.Length / bands;
        var result = new byte[checked(pixels * 3)];
        for (var i = 0; i < pixels; i++)
        {
            var ink = samples.AsSpan(i * bands, 4);
            var paper = 255 - ink[3];
            for (var band = 0; band < 3; band++)
            {
                var product = (ink[band] * paper) + 128;
                result[(i * 3) + band] = (byte)Math.Clamp(paper - (((product >> 8) + product) >> 8), 0, 255);
            }
        }

        return result;
    }
}
