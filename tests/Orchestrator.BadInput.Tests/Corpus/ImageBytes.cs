using System.Buffers.Binary;
using System.IO.Hashing;
using NetVips;
using Orchestrator.Worker.Tests.Curation;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>Encoded images, good ones and headers that lie.</summary>
internal static class ImageBytes
{
    private const int Side = 240;

    public static byte[] Jpeg { get; } = Tars.Jpeg(Side, Side);

    public static byte[] Png { get; } = Noise().PngsaveBuffer(compression: 1);

    public static byte[] Webp { get; } = Noise().WebpsaveBuffer(q: 80);

    public static byte[] LosslessWebp { get; } = Noise().WebpsaveBuffer(lossless: true);

    public static byte[] Gif { get; } = Noise().GifsaveBuffer();

    public static byte[] Tiff { get; } = Noise().TiffsaveBuffer();

    /// <summary>Noise: grey, one band.</summary>
    public static Image Noise() => Image.Gaussnoise(Side, Side, mean: 128, sigma: 40, seed: 3).Cast(Enums.BandFormat.Uchar);

    public static Image Rgb() => Noise().Bandjoin(Noise(), Noise()).Copy(interpretation: Enums.Interpretation.Srgb);

    public static byte[] Cut(byte[] bytes, double share) => bytes[..(int)(bytes.Length * share)];

    /// <summary>A PNG of the given header fields whose checksum holds.</summary>
    public static byte[] PngHeader(uint width, uint height, byte depth = 8, byte color = 0)
    {
        var png = (byte[])Png.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(20), height);
        (png[24], png[25]) = (depth, color);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32.HashToUInt32(png.AsSpan(12, 17)));
        return png;
    }

    /// <summary>The JPEG with another size in its frame header.</summary>
    public static byte[] JpegHeader(ushort width, ushort height, byte precision = 8)
    {
        var jpeg = (byte[])Jpeg.Clone();
        var frame = jpeg.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        jpeg[frame + 4] = precision;
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 5), height);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(frame + 7), width);
        return jpeg;
    }

    /// <summary>A lossy WebP with the given sides, 14 bits each.</summary>
    public static byte[] WebpHeader(ushort width, ushort height)
    {
        var webp = Simple(Webp, "VP8 "u8);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(26), width);
        BinaryPrimitives.WriteUInt16LittleEndian(webp.AsSpan(28), height);
        return webp;
    }

    /// <summary>A lossless WebP with the given sides, 14 bits each.</summary>
    public static byte[] LosslessWebpHeader(uint width, uint height)
    {
        var webp = Simple(LosslessWebp, "VP8L"u8);
        var rest = BinaryPrimitives.ReadUInt32LittleEndian(webp.AsSpan(21)) & 0xF000_0000;
        BinaryPrimitives.WriteUInt32LittleEndian(webp.AsSpan(21), rest | (width - 1) | ((height - 1) << 14));
        return webp;
    }

    /// <summary>A WebP of the image's chunk alone, without the extended header that would give the size as well.</summary>
    private static byte[] Simple(byte[] webp, ReadOnlySpan<byte> chunk)
    {
        var at = webp.AsSpan().IndexOf(chunk);
        var length = 8 + BinaryPrimitives.ReadInt32LittleEndian(webp.AsSpan(at + 4));
        byte[] simple = [.. "RIFF\0\0\0\0WEBP"u8, .. webp.AsSpan(at, length + (length % 2))];
        BinaryPrimitives.WriteInt32LittleEndian(simple.AsSpan(4), simple.Length - 8);
        return simple;
    }

    public static byte[] GifHeader(ushort width, ushort height)
    {
        var gif = (byte[])Gif.Clone();
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(6), width);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(8), height);
        return gif;
    }

    /// <summary>A GIF whose frame, and not only whose screen, has the given sides.</summary>
    public static byte[] GifFrame(ushort width, ushort height)
    {
        var gif = GifHeader(width, height);
        ReadOnlySpan<byte> descriptor = [0x2C, 0, 0, 0, 0, Side, 0, Side, 0];
        var at = gif.AsSpan().IndexOf(descriptor);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(at + 5), width);
        BinaryPrimitives.WriteUInt16LittleEndian(gif.AsSpan(at + 7), height);
        return gif;
    }

    /// <summary>A TIFF whose directory gives the sides as 32-bit numbers.</summary>
    public static byte[] TiffHeader(uint width, uint height)
    {
        var tiff = (byte[])Tiff.Clone();
        var directory = (int)BinaryPrimitives.ReadUInt32LittleEndian(tiff.AsSpan(4));
        for (var i = 0; i < BinaryPrimitives.ReadUInt16LittleEndian(tiff.AsSpan(directory)); i++)
        {
            var entry = tiff.AsSpan(directory + 2 + (i * 12), 12);
            if (BinaryPrimitives.ReadUInt16LittleEndian(entry) is var tag and (256 or 257))
            {
                BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], 4);
                BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], tag == 256 ? width : height);
            }
        }

        return tiff;
    }

    /// <summary>A 24-bit Windows bitmap.</summary>
    public static byte[] Bmp(int width, int height)
    {
        var bmp = new byte[54 + (width * height * 3)];
        "BM"u8.CopyTo(bmp);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(2), bmp.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bmp.AsSpan(22), height);
        (bmp[26], bmp[28]) = (1, 24);
        return bmp;
    }

    /// <summary>Three frames below each other, as libvips keeps an animation.</summary>
    public static Image Animation() => Image.Arrayjoin([Rgb(), Rgb().Invert(), Rgb()], across: 1).Mutate(m => m.Set(GValue.GIntType, "page-height", Side));

    /// <summary>The PNG with a chunk of image data changed: another byte and, if asked, a checksum that holds.</summary>
    public static byte[] PngWithBadData(bool sealedAgain)
    {
        var png = (byte[])Png.Clone();
        var data = png.AsSpan().IndexOf("IDAT"u8);
        var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(data - 4));
        png.AsSpan(data + 4 + (length / 2), 200).Fill(0xA5);
        if (sealedAgain)
        {
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(data + 4 + length), Crc32.HashToUInt32(png.AsSpan(data, 4 + length)));
        }

        return png;
    }
}
