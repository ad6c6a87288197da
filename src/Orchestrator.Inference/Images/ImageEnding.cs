using System.Buffers.Binary;

namespace Orchestrator.Inference.Images;

/// <summary>
/// Tells from the bytes alone whether a file that did not decode was cut short. libvips keeps its messages in one buffer for
/// the whole process, so with decodes side by side they name each other's faults; a verdict that goes into a job's output must be
/// a function of the image.
/// </summary>
/// <remarks>Sources: ITU-T T.81 annex B (JPEG markers), PNG 1.2 §3, RIFF in the WebP container specification, GIF89a appendix A, TIFF 6.0 §2.</remarks>
public static class ImageEnding
{
    /// <summary>True where the container says that more bytes should follow, or its end mark is missing.</summary>
    public static bool IsCutShort(ImageFormat format, ReadOnlySpan<byte> bytes) => format switch
    {
        ImageFormat.Jpeg => !JpegEnds(bytes),
        ImageFormat.Png => !PngEnds(bytes),
        ImageFormat.WebP => bytes.Length < 12 || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) + 8L > bytes.Length,
        ImageFormat.Gif => !GifEnds(bytes),
        ImageFormat.Tiff => bytes.Length < 8 || FirstDirectory(bytes) >= bytes.Length,
        ImageFormat.Bmp => bytes.Length < 6 || BinaryPrimitives.ReadUInt32LittleEndian(bytes[2..]) > bytes.Length,
        _ => false,
    };

    /// <summary>Walks the markers to the end-of-image mark; entropy-coded data is passed over to the next marker.</summary>
    private static bool JpegEnds(ReadOnlySpan<byte> bytes)
    {
        var at = 2;
        while (at + 1 < bytes.Length)
        {
            if (bytes[at] != 0xFF)
            {
                // Entropy-coded data, or bytes that belong to nothing: a marker may follow.
                var next = bytes[at..].IndexOf((byte)0xFF);
                if (next < 0)
                {
                    return false;
                }

                at += next;
                continue;
            }

            switch (bytes[at + 1])
            {
                case 0xD9:
                    return true;
                case 0x00 or 0x01 or (>= 0xD0 and <= 0xD8):
                    at += 2;
                    break;
                case 0xFF:
                    at++;
                    break;
                default:
                    if (at + 3 >= bytes.Length)
                    {
                        return false;
                    }

                    at += 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
                    break;
            }
        }

        return false;
    }

    private static bool PngEnds(ReadOnlySpan<byte> bytes)
    {
        const int Frame = 12;
        for (long at = 8; at + Frame <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)at..]);
            if (at + Frame + length > bytes.Length)
            {
                return false;
            }

            if (bytes.Slice((int)at + 4, 4).SequenceEqual("IEND"u8))
            {
                return true;
            }

            at += Frame + length;
        }

        return false;
    }

    /// <summary>Walks the blocks to the trailer.</summary>
    private static bool GifEnds(ReadOnlySpan<byte> bytes)
    {
        const int Header = 13;
        if (bytes.Length < Header)
        {
            return false;
        }

        var at = Header + ColourTable(bytes[10]);
        while (at < bytes.Length)
        {
            switch (bytes[at])
            {
                case 0x3B:
                    return true;
                case 0x21:
                    at += 2;
                    break;
                case 0x2C when at + 10 < bytes.Length:
                    // Descriptor, local colours, and the byte that opens the compressed data.
                    at += 10 + ColourTable(bytes[at + 9]) + 1;
                    break;
                default:
                    // The descriptor is cut, or bytes stand where no block begins: broken rather than short.
                    return bytes[at] != 0x2C;
            }

            while (at < bytes.Length && bytes[at] != 0)
            {
                at += bytes[at] + 1;
            }

            at++;
        }

        return false;
    }

    private static int ColourTable(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static long FirstDirectory(ReadOnlySpan<byte> bytes) => bytes[0] == (byte)'I'
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..])
        : BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
}
