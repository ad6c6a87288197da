namespace Orchestrator.Inference.Images;

/// <summary>Limits and switches of <see cref="ImageDecoder"/>.</summary>
public sealed record ImageDecoderOptions
{
    /// <summary>PIL's error limit: twice <c>Image.MAX_IMAGE_PIXELS</c> (89,478,485).</summary>
    public const long PilBombLimit = 178_956_970;

    /// <summary>Most pixels (width x height) a header may declare. Default 178,956,970, where PIL raises DecompressionBombError.</summary>
    public long MaxPixels { get; init; } = PilBombLimit;

    /// <summary>Turn and flip by the EXIF orientation tag. Default false: PIL's <c>Image.open</c> does not, and neither do CLIP's training loaders.</summary>
    public bool ApplyOrientation { get; init; }
}
