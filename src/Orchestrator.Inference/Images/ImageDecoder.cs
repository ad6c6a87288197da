using NetVips;

namespace Orchestrator.Inference.Images;

/// <summary>
/// Encoded bytes to the 8-bit pixels that PIL's <c>Image.open(...).convert("RGB")</c> gives: alpha is dropped and not
/// composited, palettes are looked up, CMYK goes through PIL's naive formula, 16-bit grey is clipped at 255 (PIL's mode
/// <c>I</c>), 16-bit colour keeps its high byte, ICC profiles are ignored, EXIF orientation is ignored unless asked for.
/// </summary>
/// <remarks>
/// libvips reads the container (its JPEG decoder is libjpeg-turbo with the same transform and upsampling as PIL's);
/// resampling is not libvips' business, see <see cref="PilResampler"/>. The size in the header is checked before any pixel
/// is decoded. The order "convert, then resize" is that of Hugging Face's image processors; open_clip resizes first and
/// converts afterwards, which differs for palette images (resized there by nearest neighbour) and for images with alpha.
/// Known difference: transparent pixels of a GIF are black here, where PIL shows the palette colour behind them.
/// Safe for concurrent use: parallelism belongs to the caller, over samples, so libvips' own threads and its operation
/// cache are switched off for the whole process on first use.
/// </remarks>
public sealed class ImageDecoder
{
    private readonly ImageDecoderOptions _options;

    static ImageDecoder()
    {
        NetVips.NetVips.Concurrency = 1;
        NetVips.NetVips.BlockUntrusted = true;
        Cache.Max = 0;
        Cache.MaxMem = 0;

        // Its warnings name no file; what is wrong with an image is said by its fault.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, (_, _, _) => { });
    }

    /// <summary>Version of libvips.</summary>
    public static string LibraryVersion { get; } = string.Join('.', Enumerable.Range(0, 3).Select(i => NetVips.NetVips.Version(i)));

    /// <param name="options">Limits; defaults when null.</param>
    public ImageDecoder(ImageDecoderOptions? options = null)
    {
        _options = options ?? new ImageDecoderOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.MaxPixels, 1, nameof(options));
    }

    /// <summary>Reads the declared size only. Cost: the header, whatever the size of the image.</summary>
    public ImageHeaderResult ReadHeader(ReadOnlyMemory<byte> bytes)
    {
        using var opened = Open(bytes, out var header, out var fault);
        return opened is null ? ImageHeaderResult.Failed(fault!) : ImageHeaderResult.Read(header!);
    }

    /// <summary>Decodes the first frame. Faults are values; only misuse throws.</summary>
    /// <param name="bytes">A whole encoded image.</param>
    /// <returns>Grey (1 channel) or RGB (3 channels) pixels, or the fault.</returns>
    public ImageDecodeResult Decode(ReadOnlyMemory<byte> bytes)
    {
        using var opened = Open(bytes, out var header, out var fault);
        if (opened is null)
        {
            return ImageDecodeResult.Failed(fault!);
        }

        try
        {
            if (_options.ApplyOrientation)
            {
                using var upright = opened.Autorot();
                return ToPil(upright, header!.Format, bytes.Span);
            }

            return ToPil(opened, header!.Format, bytes.Span);
        }
        catch (VipsException)
        {
            return ImageDecodeResult.Failed(Explain(header!.Format, bytes.Span));
        }
    }

    private Image? Open(ReadOnlyMemory<byte> bytes, out ImageHeader? header, out ImageFault? fault)
    {
        header = null;
        if (bytes.IsEmpty)
        {
            fault = new ImageFault(ImageFaultKind.Empty, "the image has no bytes");
            return null;
        }

        if (ImageSignature.Detect(bytes.Span) is not { } format)
        {
            var head = Convert.ToHexStringLower(bytes.Span[..Math.Min(8, bytes.Length)]);
            fault = new ImageFault(ImageFaultKind.UnknownFormat, $"the leading bytes {head} belong to no JPEG, PNG, WebP, GIF or TIFF image");
            return null;
        }

        Image? image = null;
        try
        {
            image = Load(format, AsArray(bytes));
            if (image is null)
            {
                fault = new ImageFault(ImageFaultKind.Unsupported, $"{format} images are recognised but not read; convert them to PNG");
                return null;
            }

            header = new ImageHeader(format, image.Width, image.Height);
            var pixels = (long)image.Width * image.Height;
            if (pixels > _options.MaxPixels)
            {
                fault = new ImageFault(ImageFaultKind.TooLarge, $"the header declares {image.Width} x {image.Height} = {pixels} pixels, the limit is {_options.MaxPixels}");
                image.Dispose();
                return null;
            }

            fault = null;
            return image;
        }
        catch (VipsException)
        {
            image?.Dispose();
            fault = Explain(format, bytes.Span);
            return null;
        }
    }

    /// <summary>One named loader per container: no other loader of libvips ever sees foreign bytes.</summary>
    private static Image? Load(ImageFormat format, byte[] bytes) => format switch
    {
        ImageFormat.Jpeg => Image.JpegloadBuffer(bytes, autorotate: false, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
        ImageFormat.Png => Image.PngloadBuffer(bytes, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
        ImageFormat.WebP => Image.WebploadBuffer(bytes, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
        ImageFormat.Gif => Image.GifloadBuffer(bytes, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
        ImageFormat.Tiff => Image.TiffloadBuffer(bytes, autorotate: false, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
        _ => null,
    };

    private static ImageDecodeResult ToPil(Image image, ImageFormat format, ReadOnlySpan<byte> encoded)
    {
        var (width, height, bands) = (image.Width, image.Height, image.Bands);
        var cmyk = image.Interpretation == Enums.Interpretation.Cmyk;
        switch (image.Format)
        {
            case Enums.BandFormat.Uchar when cmyk && bands >= 4:
                // Adobe writers store 255 - ink; libvips and PIL both take every CMYK JPEG for one of theirs.
                return Decoded(width, height, 3, PilModes.CmykToRgb(image.WriteToMemory<byte>(), bands));
            case Enums.BandFormat.Uchar:
                return Decoded(width, height, bands < 3 ? 1 : 3, PilModes.DropAlpha(image.WriteToMemory<byte>(), bands));
            case Enums.BandFormat.Ushort when !cmyk:
                // PIL opens 16-bit grey as mode I, whose way to 8 bits is a clip; every other 16-bit layout keeps the high byte.
                var clip = format == ImageFormat.Png ? encoded.Length > 25 && encoded[25] == 0 : bands == 1;
                return Decoded(width, height, bands < 3 ? 1 : 3, PilModes.From16Bit(image.WriteToMemory<ushort>(), bands, clip));
            default:
                return ImageDecodeResult.Failed(ImageFaultKind.Unsupported, $"{format} with {bands} bands of {image.Format} ({image.Interpretation}) is not read; convert it to 8-bit RGB");
        }
    }

    private static ImageDecodeResult Decoded(int width, int height, int channels, byte[] pixels) =>
        ImageDecodeResult.Decoded(new DecodedImage(width, height, channels, pixels));

    private static byte[] AsArray(ReadOnlyMemory<byte> bytes) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : bytes.ToArray();

    private static ImageFault Explain(ImageFormat format, ReadOnlySpan<byte> bytes) => ImageEnding.IsCutShort(format, bytes)
        ? new ImageFault(ImageFaultKind.Truncated, $"the {format} image ends after {bytes.Length:N0} bytes, before its pixels do")
        : new ImageFault(ImageFaultKind.Corrupt, $"the {format} image of {bytes.Length:N0} bytes breaks the rules of its format");
}
