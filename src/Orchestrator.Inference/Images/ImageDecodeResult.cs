namespace Orchestrator.Inference.Images;

/// <summary>Why an image could not be turned into pixels.</summary>
public enum ImageFaultKind
{
    /// <summary>No bytes at all.</summary>
    Empty,

    /// <summary>The leading bytes belong to no known container (JPEG, PNG, WebP, GIF, TIFF, BMP).</summary>
    UnknownFormat,

    /// <summary>The header declares more pixels than <see cref="ImageDecoderOptions.MaxPixels"/>; nothing was decoded.</summary>
    TooLarge,

    /// <summary>The container ends before its pixels do.</summary>
    Truncated,

    /// <summary>Header or pixel data break the rules of the format.</summary>
    Corrupt,

    /// <summary>A known container or pixel layout that is not read here (BMP, float TIFF).</summary>
    Unsupported,
}

/// <summary>A refusal to decode, fit for a quarantine row.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">One line: what was found and, where there is a remedy, the remedy.</param>
public sealed record ImageFault(ImageFaultKind Kind, string Message);

/// <summary>Container of an encoded image, told by its leading bytes.</summary>
public enum ImageFormat
{
    /// <summary>JPEG (baseline, progressive; grey, YCbCr, RGB, CMYK, YCCK).</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>WebP, lossy or lossless.</summary>
    WebP,

    /// <summary>GIF; the first frame is read.</summary>
    Gif,

    /// <summary>TIFF; the first page is read.</summary>
    Tiff,

    /// <summary>Windows bitmap: recognised, not read.</summary>
    Bmp,
}

/// <summary>What the header alone says.</summary>
/// <param name="Format">Container.</param>
/// <param name="Width">Columns, in pixels, before any orientation.</param>
/// <param name="Height">Rows, in pixels, before any orientation.</param>
public sealed record ImageHeader(ImageFormat Format, int Width, int Height);

/// <summary>Decoded pixels: 8 bits a channel, rows top to bottom, channels interleaved, no row padding.</summary>
public sealed class DecodedImage
{
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="channels">1 (grey) or 3 (RGB).</param>
    /// <param name="pixels">Exactly width x height x channels bytes.</param>
    /// <exception cref="ArgumentException">The sizes do not agree.</exception>
    public DecodedImage(int width, int height, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
        {
            throw new ArgumentException($"channels must be 1 or 3, not {channels}", nameof(channels));
        }

        if (pixels.LongLength != (long)width * height * channels)
        {
            throw new ArgumentException($"{width}x{height}x{channels} needs {(long)width * height * channels} bytes, got {pixels.LongLength}", nameof(pixels));
        }

        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 (grey; stands for three equal channels) or 3 (RGB).</summary>
    public int Channels { get; }

    /// <summary>Height x Width x Channels bytes.</summary>
    public byte[] Pixels { get; }
}

/// <summary>Outcome of a decode: an image or a fault, never both and never neither.</summary>
public sealed class ImageDecodeResult
{
    private ImageDecodeResult(DecodedImage? image, ImageFault? fault) => (Image, Fault) = (image, fault);

    /// <summary>True when <see cref="Image"/> is set.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Image))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Fault))]
    public bool Ok => Image is not null;

    /// <summary>The pixels, when <see cref="Ok"/>.</summary>
    public DecodedImage? Image { get; }

    /// <summary>The reason, when not <see cref="Ok"/>.</summary>
    public ImageFault? Fault { get; }

    /// <summary>A decoded image.</summary>
    public static ImageDecodeResult Decoded(DecodedImage image) => new(image, null);

    /// <summary>A refusal.</summary>
    public static ImageDecodeResult Failed(ImageFaultKind kind, string message) => new(null, new ImageFault(kind, message));

    /// <summary>A refusal.</summary>
    public static ImageDecodeResult Failed(ImageFault fault) => new(null, fault);
}

/// <summary>Outcome of reading a header: a header or a fault.</summary>
public sealed class ImageHeaderResult
{
    private ImageHeaderResult(ImageHeader? header, ImageFault? fault) => (Header, Fault) = (header, fault);

    /// <summary>True when <see cref="Header"/> is set.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Header))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Fault))]
    public bool Ok => Header is not null;

    /// <summary>The header, when <see cref="Ok"/>.</summary>
    public ImageHeader? Header { get; }

    /// <summary>The reason, when not <see cref="Ok"/>.</summary>
    public ImageFault? Fault { get; }

    /// <summary>A readable header.</summary>
    public static ImageHeaderResult Read(ImageHeader header) => new(header, null);

    /// <summary>A refusal.</summary>
    public static ImageHeaderResult Failed(ImageFault fault) => new(null, fault);
}
