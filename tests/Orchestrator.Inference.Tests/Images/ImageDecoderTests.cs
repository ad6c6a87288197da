using System.Buffers.Binary;
using FsCheck.Xunit;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

public sealed class ImageDecoderTests
{
    private static readonly ImageDecoder Decoder = new();

    [Fact]
    public void Decode_NoBytes_IsEmpty() => Assert.Equal(ImageFaultKind.Empty, Decoder.Decode(Array.Empty<byte>()).Fault!.Kind);

    [Theory]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("%PDF-1.7")]
    [InlineData("x")]
    public void Decode_NotAnImage_IsUnknownFormat(string text) =>
        Assert.Equal(ImageFaultKind.UnknownFormat, Decoder.Decode(System.Text.Encoding.UTF8.GetBytes(text)).Fault!.Kind);

    [Fact]
    public void Decode_Bitmap_IsUnsupportedAndSaysSo()
    {
        var bitmap = new byte[60];
        "BM"u8.CopyTo(bitmap);
        var fault = Decoder.Decode(bitmap).Fault!;
        Assert.Equal(ImageFaultKind.Unsupported, fault.Kind);
        Assert.Contains("Bmp", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jpeg-420.jpg")]
    [InlineData("jpeg-progressive.jpg")]
    [InlineData("png-rgb.png")]
    [InlineData("png-palette.png")]
    [InlineData("webp-lossy.webp")]
    [InlineData("webp-lossless.webp")]
    [InlineData("gif-palette.gif")]
    public void Decode_CutShort_IsTruncated(string file)
    {
        var whole = VectorFiles.Bytes("pixels", file);
        foreach (var share in new[] { 0.3, 0.6, 0.9, 0.99 })
        {
            var result = Decoder.Decode(whole.AsMemory(0, (int)(whole.Length * share)));
            Assert.False(result.Ok, $"{share} of {file} decoded");
            Assert.Equal(ImageFaultKind.Truncated, result.Fault.Kind);
        }
    }

    [Fact]
    public void Decode_JpegWithoutItsEndMarker_IsTruncatedAsInPil()
    {
        var whole = VectorFiles.Bytes("pixels", "jpeg-420.jpg");
        Assert.Equal(ImageFaultKind.Truncated, Decoder.Decode(whole.AsMemory(0, whole.Length - 2)).Fault!.Kind);
    }

    [Fact]
    public void Decode_BytesAfterTheEnd_AreIgnored()
    {
        foreach (var file in new[] { "jpeg-420.jpg", "png-rgb.png" })
        {
            var whole = VectorFiles.Bytes("pixels", file);
            Assert.Equal(Decoder.Decode(whole).Image!.Pixels, Decoder.Decode(whole.Concat(new byte[1000]).ToArray()).Image!.Pixels);
        }
    }

    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(13_378, 13_378)]
    public void Decode_Bomb_IsRefusedFromTheHeader(int width, int height)
    {
        // A header and nothing else: only a check before decoding can answer TooLarge.
        var result = Decoder.Decode(PngHeader(width, height));
        Assert.Equal(ImageFaultKind.TooLarge, result.Fault!.Kind);
        Assert.Contains($"{width} x {height}", result.Fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_AtTheLimit_IsDecoded_AndAboveIt_IsRefused()
    {
        var bytes = VectorFiles.Bytes("pixels", "png-rgb-odd.png");
        Assert.True(new ImageDecoder(new ImageDecoderOptions { MaxPixels = 33 * 71 }).Decode(bytes).Ok);
        Assert.Equal(ImageFaultKind.TooLarge, new ImageDecoder(new ImageDecoderOptions { MaxPixels = (33 * 71) - 1 }).Decode(bytes).Fault!.Kind);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageDecoder(new ImageDecoderOptions { MaxPixels = 0 }));
    }

    [Fact]
    public void Decode_SliceOfALargerArray_ReadsTheSliceAlone()
    {
        var bytes = VectorFiles.Bytes("pixels", "png-2x2.png");
        var larger = new byte[bytes.Length + 20];
        bytes.CopyTo(larger, 10);
        Assert.Equal(Decoder.Decode(bytes).Image!.Pixels, Decoder.Decode(larger.AsMemory(10, bytes.Length)).Image!.Pixels);
    }

    [Fact]
    public void Decode_ExifOrientation_OnlyTurnsWhenAsked()
    {
        var bytes = VectorFiles.Bytes("pixels", "jpeg-exif6.jpg");
        var plain = Decoder.Decode(bytes).Image!;
        var upright = new ImageDecoder(new ImageDecoderOptions { ApplyOrientation = true }).Decode(bytes).Image!;
        Assert.Equal((220, 130), (plain.Width, plain.Height));
        Assert.Equal((130, 220), (upright.Width, upright.Height));
        // Tag 6: the stored left column is the upright top row, read bottom to top.
        for (var x = 0; x < upright.Width; x++)
        {
            Assert.Equal(Pixel(plain, 0, plain.Height - 1 - x), Pixel(upright, x, 0));
        }
    }

    [Fact]
    public void ReadHeader_GivesFormatAndSize_AndTheFaultsOfDecode()
    {
        Assert.Equal(new ImageHeader(ImageFormat.WebP, 101, 67), Decoder.ReadHeader(VectorFiles.Bytes("pixels", "webp-lossy-odd.webp")).Header);
        Assert.Equal(ImageFaultKind.TooLarge, Decoder.ReadHeader(PngHeader(60_000, 60_000)).Fault!.Kind);
        Assert.Equal(ImageFaultKind.UnknownFormat, Decoder.ReadHeader(new byte[40]).Fault!.Kind);
    }

    [Fact]
    public void Decode_DamagedAnywhere_NeverThrows()
    {
        foreach (var file in new[] { "jpeg-420-odd.jpg", "png-rgb-odd.png", "webp-lossy-odd.webp", "gif-palette.gif", "tiff-grey.tif" })
        {
            var whole = VectorFiles.Bytes("pixels", file);
            for (var at = 0; at < whole.Length; at += Math.Max(1, whole.Length / 60))
            {
                var broken = (byte[])whole.Clone();
                broken[at] ^= 0x5A;
                var result = Decoder.Decode(broken);
                Assert.True(result.Ok || result.Fault.Message.Length > 0);
            }
        }
    }

    [Property(MaxTest = 200)]
    public void Decode_AnyBytesBehindASignature_AreAFaultOrAnImage(byte[]? bytes)
    {
        byte[][] signatures = [[0xFF, 0xD8, 0xFF], [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], [.. "RIFF____WEBP"u8], [.. "GIF89a"u8], [(byte)'I', (byte)'I', 42, 0]];
        foreach (var signature in signatures)
        {
            var result = Decoder.Decode(signature.Concat(bytes ?? []).ToArray());
            Assert.True(result.Ok ^ result.Fault is not null);
        }
    }

    [Fact]
    public async Task Decode_FromManyThreads_GivesTheSamePixels()
    {
        var bytes = VectorFiles.Bytes("pixels", "jpeg-444.jpg");
        var expected = Decoder.Decode(bytes).Image!.Pixels;
        var all = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Decoder.Decode(bytes).Image!.Pixels)));
        Assert.All(all, pixels => Assert.Equal(expected, pixels));
    }

    private static (byte, byte, byte) Pixel(DecodedImage image, int x, int y)
    {
        var at = ((y * image.Width) + x) * 3;
        return (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]);
    }

    private static byte[] PngHeader(int width, int height)
    {
        var header = new byte[8 + 25 + 12];
        ((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0, 0, 0, 13, (byte)'I', (byte)'H', (byte)'D', (byte)'R']).CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(20), height);
        (header[24], header[25]) = (8, 2);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(29), Crc(header.AsSpan(12, 17)));
        // An empty IDAT follows: libpng wants to see one before it reports a size.
        "IDAT"u8.CopyTo(header.AsSpan(37));
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(41), Crc(header.AsSpan(37, 4)));
        return header;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320u & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
