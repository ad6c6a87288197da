using NetVips;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Tests.Images;

public sealed class ImageFaultTests
{
    private static readonly ImageDecoder Decoder = new();

    public static TheoryData<string> Formats => ["jpeg", "progressive", "png", "webp", "gif", "tiff"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decode_WholeImage_IsNotCutShort(string format)
    {
        var bytes = Encode(format, 1);
        Assert.True(Decoder.Decode(bytes).Ok);
        Assert.False(ImageEnding.IsCutShort(ImageSignature.Detect(bytes)!.Value, bytes));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decode_CutAnywhereInTheSecondHalf_IsAFaultAndNeverPixels(string format)
    {
        if (format == "tiff")
        {
            // libvips writes a TIFF's directory at its end, so half a file has no size to speak of; one cut is enough.
            Assert.False(Decoder.Decode(Encode(format, 2)[..2000]).Ok);
            return;
        }

        var bytes = Encode(format, 2);
        for (var length = bytes.Length / 2; length < bytes.Length - 40; length += 97)
        {
            var result = Decoder.Decode(bytes[..length]);
            Assert.False(result.Ok, $"{format} cut to {length} of {bytes.Length} bytes gave pixels");
            Assert.Equal(ImageFaultKind.Truncated, result.Fault.Kind);
        }
    }

    [Fact]
    public void Decode_BadImagesSideBySide_GivesEachItsOwnFaultEveryTime()
    {
        var images = Enumerable.Range(0, 48).Select(Bad).ToArray();
        var alone = images.Select(Describe).ToArray();
        Assert.Contains(alone, d => d.StartsWith("Corrupt", StringComparison.Ordinal));
        Assert.Contains(alone, d => d.StartsWith("Truncated", StringComparison.Ordinal));
        for (var round = 0; round < 10; round++)
        {
            var together = images.AsParallel().AsOrdered().WithDegreeOfParallelism(8).Select(Describe).ToArray();
            Assert.Equal(alone, together);
        }
    }

    [Theory]
    [InlineData(new byte[0], ImageFaultKind.Empty)]
    [InlineData(new byte[] { 1, 2, 3 }, ImageFaultKind.UnknownFormat)]
    [InlineData(new byte[] { 0xFF, 0xD8, 0xFF }, ImageFaultKind.Truncated)]
    public void Decode_NoImageAtAll_SaysWhy(byte[] bytes, ImageFaultKind kind) => Assert.Equal(kind, Decoder.Decode(bytes).Fault!.Kind);

    [Fact]
    public void Decode_MorePixelsThanAllowed_IsRefusedFromTheHeader()
    {
        var fault = new ImageDecoder(new ImageDecoderOptions { MaxPixels = 100 }).Decode(Encode("png", 3)).Fault;
        Assert.Equal(ImageFaultKind.TooLarge, fault!.Kind);
    }

    private static string Describe(byte[] bytes)
    {
        var result = Decoder.Decode(bytes);
        return result.Ok ? "ok" : $"{result.Fault.Kind}: {result.Fault.Message}";
    }

    /// <summary>Every third is cut, every third has bytes of its middle overwritten, every third both.</summary>
    private static byte[] Bad(int i)
    {
        var bytes = Encode(i % 2 == 0 ? "jpeg" : "png", i);
        if (i % 3 != 0)
        {
            bytes.AsSpan(bytes.Length / 3, bytes.Length / 4).Fill((byte)(0x10 + i));
        }

        return i % 3 == 1 ? bytes : bytes[..(bytes.Length - 200 - (i * 7))];
    }

    private static byte[] Encode(string format, int seed)
    {
        using var noise = Image.Gaussnoise(120, 90, mean: 128, sigma: 50, seed: seed);
        using var image = noise.Cast(Enums.BandFormat.Uchar);
        return format switch
        {
            "jpeg" => image.JpegsaveBuffer(q: 90),
            "progressive" => image.JpegsaveBuffer(q: 90, interlace: true),
            "png" => image.PngsaveBuffer(compression: 1),
            "webp" => image.WebpsaveBuffer(q: 90),
            "gif" => image.GifsaveBuffer(),
            _ => image.TiffsaveBuffer(),
        };
    }
}
