using NetVips;
using static Orchestrator.BadInput.Tests.Corpus.BadSample;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>Images that are cut, lie about their size, are none, or are of a rare kind that must be read all the same.</summary>
internal static class BadImages
{
    private const string Truncated = "quarantined:image-truncated";
    private const string Corrupt = "quarantined:image-corrupt";
    private const string TooLarge = "quarantined:image-too-large";
    private const string Unknown = "quarantined:image-unknown-format";
    private const string Unsupported = "quarantined:image-unsupported";

    public static IEnumerable<BadSample> All => [.. CutShort, .. Bombs, .. Broken, .. NoImages, .. Rare];

    private static IEnumerable<BadSample> CutShort =>
    [
        .. new[] { 0.002, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99 }.Select(s => Image($"jpeg-cut-{s * 10000:0}", $"a JPEG cut after {s:P1}", ImageBytes.Cut(ImageBytes.Jpeg, s), Truncated)),
        Image("jpeg-two-bytes-more-than-start", "FF D8 FF E0", [0xFF, 0xD8, 0xFF, 0xE0], Truncated),
        .. new[] { 0.0005, 0.01, 0.3, 0.6, 0.95 }.Select(s => Image($"png-cut-{s * 10000:0}", $"a PNG cut after {s:P2}", ImageBytes.Cut(ImageBytes.Png, s), Truncated, "png")),
        Image("png-header-only", "signature and IHDR of a PNG", ImageBytes.Png[..33], Truncated, "png"),
        Image("png-signature-only", "the 8 bytes of a PNG signature", ImageBytes.Png[..8], Truncated, "png"),
        .. new[] { 0.01, 0.2, 0.5, 0.9 }.Select(s => Image($"webp-cut-{s * 10000:0}", $"a WebP cut after {s:P0}", ImageBytes.Cut(ImageBytes.Webp, s), Truncated, "webp")),
        .. new[] { 0.001, 0.2, 0.5, 0.9 }.Select(s => Image($"gif-cut-{s * 10000:0}", $"a GIF cut after {s:P1}", ImageBytes.Cut(ImageBytes.Gif, s), Truncated, "gif")),
        Image("tiff-cut", "a TIFF cut in the middle, before its directory", ImageBytes.Cut(ImageBytes.Tiff, 0.5), Truncated, "tif"),
        Image("tiff-header-only", "the 8 bytes of a TIFF header", ImageBytes.Tiff[..8], Truncated, "tif"),
    ];

    private static IEnumerable<BadSample> Bombs =>
    [
        Image("png-bomb", "a PNG header of 60,000 x 60,000", ImageBytes.PngHeader(60_000, 60_000), TooLarge, "png"),
        Image("png-bomb-wide", "a PNG header of 900,000 x 900", ImageBytes.PngHeader(900_000, 900), TooLarge, "png"),
        Image("png-bomb-largest", "a PNG header of 2^31-1 squared", ImageBytes.PngHeader(int.MaxValue, int.MaxValue), Corrupt, "png"),
        Image("png-just-too-large", "a PNG header one row above the limit of 178,956,970 pixels", ImageBytes.PngHeader(10_000, 17_896), TooLarge, "png"),
        Image("jpeg-bomb", "a JPEG frame of 65,500 x 65,500", ImageBytes.JpegHeader(65_500, 65_500), TooLarge),
        Image("webp-bomb", "a lossy WebP of 16,383 x 16,383", ImageBytes.WebpHeader(16_383, 16_383), TooLarge, "webp"),
        Image("webp-lossless-bomb", "a lossless WebP of 16,383 x 16,383", ImageBytes.LosslessWebpHeader(16_383, 16_383), TooLarge, "webp"),
        Image("gif-bomb", "a GIF frame of 65,535 x 65,535", ImageBytes.GifFrame(65_535, 65_535), TooLarge, "gif"),
        Image("gif-canvas-bomb", "a GIF screen of 65,535 x 65,535 around a small frame: the frame counts", ImageBytes.GifHeader(65_535, 65_535), Kept, "gif"),
        Image("tiff-bomb", "a TIFF of 100,000 x 100,000", ImageBytes.TiffHeader(100_000, 100_000), TooLarge, "tif"),
        Image("tiff-bomb-largest", "a TIFF of 2^32-1 squared", ImageBytes.TiffHeader(uint.MaxValue, uint.MaxValue), Corrupt, "tif"),
        Image("jpeg-taller-than-its-data", "a JPEG frame of 240 x 12,000 over the data of 240 rows", ImageBytes.JpegHeader(240, 60_000), "rejected:basic-filter.maxAspect"),
        Image("jpeg-larger-than-its-data", "a JPEG frame of 2,400 x 2,400 over the data of 240 x 240: grey below, as PIL reads it", ImageBytes.JpegHeader(2_400, 2_400), Kept),
    ];

    private static IEnumerable<BadSample> Broken =>
    [
        Image("png-zero-width", "a PNG of 0 x 240", ImageBytes.PngHeader(0, 240), Corrupt, "png"),
        Image("png-zero-height", "a PNG of 240 x 0", ImageBytes.PngHeader(240, 0), Corrupt, "png"),
        Image("jpeg-zero-width", "a JPEG of 0 x 240", ImageBytes.JpegHeader(0, 240), Corrupt),
        Image("jpeg-zero-height", "a JPEG of 240 x 0", ImageBytes.JpegHeader(240, 0), Corrupt),
        Image("gif-zero-canvas", "a GIF screen of 0 x 0: the frame counts", ImageBytes.GifHeader(0, 0), Kept, "gif"),
        Image("gif-zero-frame", "a GIF frame of 0 x 0", ImageBytes.GifFrame(0, 0), "rejected:basic-filter.minSide", "gif"),
        Image("tiff-zero-width", "a TIFF of 0 x 240", ImageBytes.TiffHeader(0, 240), Corrupt, "tif"),
        Image("png-bad-depth", "a PNG of bit depth 7", ImageBytes.PngHeader(240, 240, depth: 7), Corrupt, "png"),
        Image("png-bad-color", "a PNG of colour type 5", ImageBytes.PngHeader(240, 240, color: 5), Corrupt, "png"),
        Image("png-palette-without-palette", "a palette PNG without PLTE", ImageBytes.PngHeader(240, 240, color: 3), Corrupt, "png"),
        Image("png-more-bands-than-data", "a grey PNG that says RGB", ImageBytes.PngHeader(240, 240, color: 2), Corrupt, "png"),
        Image("png-bad-crc", "200 bytes of IDAT overwritten", ImageBytes.PngWithBadData(sealedAgain: false), Corrupt, "png"),
        Image("png-bad-idat", "200 bytes of IDAT overwritten under a checksum that holds", ImageBytes.PngWithBadData(sealedAgain: true), Corrupt, "png"),
        Image("jpeg-twelve-bits", "a JPEG frame of 12 bits", ImageBytes.JpegHeader(240, 240, precision: 12), Corrupt),
        Image("webp-other-bytes", "a RIFF header and zeros", [.. "RIFF"u8, 100, 0, 0, 0, .. "WEBPVP8 "u8, .. new byte[100]], Corrupt, "webp"),
        Image("tiff-directory-outside", "a TIFF whose directory lies beyond its end", [(byte)'I', (byte)'I', 42, 0, 0xF0, 0xFF, 0xFF, 0x7F, .. new byte[100]], Truncated, "tif"),
    ];

    private static IEnumerable<BadSample> NoImages =>
    [
        Image("empty-image", "no bytes", [], "quarantined:image-empty"),
        Image("one-byte", "one byte", [0xFF], Unknown),
        Image("zeros", "4,096 zeros", new byte[4096], Unknown),
        Image("random-bytes", "4,096 seeded random bytes", RandomBytes(4096), Unknown),
        Image("html-page", "an error page named .jpg", "<!DOCTYPE html><html><body>404 Not Found</body></html>"u8.ToArray(), Unknown),
        Image("json-answer", "an API's answer named .png", "{\"error\":\"rate limited\"}"u8.ToArray(), Unknown, "png"),
        Image("svg", "an SVG", "<svg xmlns='http://www.w3.org/2000/svg' width='1e9' height='1e9'/>"u8.ToArray(), Unknown),
        Image("pdf", "the start of a PDF", "%PDF-1.7\n"u8.ToArray(), Unknown),
        Image("avif", "the start of an AVIF", [0, 0, 0, 32, .. "ftypavif"u8, .. new byte[64]], Unknown),
        Image("bmp", "a good Windows bitmap", ImageBytes.Bmp(240, 240), Unsupported, "bmp"),
        Image("bmp-bomb", "a Windows bitmap header alone", ImageBytes.Bmp(0, 0), Unsupported, "bmp"),
        Image("float-tiff", "a TIFF of floats", ImageBytes.Noise().Cast(Enums.BandFormat.Float).TiffsaveBuffer(), Unsupported, "tif"),
        new("no-image", "a caption alone", [("txt", Caption)], "quarantined:image-missing"),
        new("no-image-but-json", "caption and JSON", [("txt", Caption), ("json", "{}"u8.ToArray())], "quarantined:image-missing"),
        new("unknown-extension", "an image named .jxl", [("jxl", ImageBytes.Png), ("txt", Caption)], "quarantined:image-missing"),
    ];

    private static IEnumerable<BadSample> Rare =>
    [
        Image("png-named-jpg", "a PNG named .jpg", ImageBytes.Png, Kept),
        Image("jpeg-named-png", "a JPEG named .png", ImageBytes.Jpeg, Kept, "png"),
        Image("webp-named-jpeg", "a WebP named .jpeg", ImageBytes.Webp, Kept, "jpeg"),
        Image("jpeg-and-garbage", "a JPEG with 500 bytes behind its end", [.. ImageBytes.Jpeg, .. RandomBytes(500)], Kept),
        Image("progressive-jpeg", "a progressive JPEG", ImageBytes.Rgb().JpegsaveBuffer(interlace: true), Kept),
        Image("cmyk-jpeg", "a CMYK JPEG", ImageBytes.Rgb().Bandjoin(ImageBytes.Noise()).Copy(interpretation: Enums.Interpretation.Cmyk).JpegsaveBuffer(), Kept),
        Image("png-16-bit", "a 16-bit PNG", (ImageBytes.Noise().Cast(Enums.BandFormat.Ushort) * 256).Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Grey16).PngsaveBuffer(bitdepth: 16), Kept, "png"),
        Image("png-16-bit-rgb", "a 16-bit colour PNG", (ImageBytes.Rgb().Cast(Enums.BandFormat.Ushort) * 256).Cast(Enums.BandFormat.Ushort).Copy(interpretation: Enums.Interpretation.Rgb16).PngsaveBuffer(bitdepth: 16), Kept, "png"),
        Image("png-palette", "a palette PNG", ImageBytes.Rgb().PngsaveBuffer(palette: true), Kept, "png"),
        Image("png-one-bit", "a 1-bit PNG", (ImageBytes.Noise() > 128).PngsaveBuffer(bitdepth: 1), Kept, "png"),
        Image("png-interlaced", "an interlaced PNG", ImageBytes.Rgb().PngsaveBuffer(interlace: true), Kept, "png"),
        Image("png-alpha", "a PNG with alpha", ImageBytes.Rgb().Bandjoin(ImageBytes.Noise()).PngsaveBuffer(), Kept, "png"),
        Image("png-grey-alpha", "a grey PNG with alpha", ImageBytes.Noise().Bandjoin(ImageBytes.Noise()).PngsaveBuffer(), Kept, "png"),
        Image("animated-gif", "a GIF of three frames", ImageBytes.Animation().GifsaveBuffer(), Kept, "gif"),
        Image("animated-webp", "a WebP of three frames", ImageBytes.Animation().WebpsaveBuffer(), Kept, "webp"),
        Image("tiff-pages", "a TIFF of three pages", ImageBytes.Animation().TiffsaveBuffer(), Kept, "tiff"),
        Image("png-unknown-chunk", "a PNG whose text chunk is long", ImageBytes.Rgb().Mutate(m => m.Set(GValue.GStrType, "png-comment-0-Note", new string('x', 100_000))).PngsaveBuffer(), Kept, "png"),
        new("two-images", "a good PNG and a broken JPEG: jpg comes first", [("jpg", ImageBytes.Cut(ImageBytes.Jpeg, 0.5)), ("png", Picture), ("txt", Caption)], Truncated),
        Image("tiny", "an image of 1 x 1", Worker.Tests.Curation.Tars.Png(9, 1, 1), "rejected:basic-filter.minSide", "png"),
        Image("sliver", "an image of 4,000 x 210", Worker.Tests.Curation.Tars.Png(9, 4000, 210), "rejected:basic-filter.maxAspect", "png"),
    ];

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(17).NextBytes(bytes);
        return bytes;
    }
}
