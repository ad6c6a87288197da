using System.Text.Json;

namespace Orchestrator.Inference.Images;

/// <summary>How the size of the resized image is found.</summary>
public enum ResizeMode
{
    /// <summary>No resize; the decoded image must already have the target size, or be cropped to it.</summary>
    None,

    /// <summary>The shorter edge becomes <see cref="PreprocessContract.ResizeHeight"/>, the longer <c>int(edge * long / short)</c>.</summary>
    ShortestEdge,

    /// <summary>Both edges are forced ("squash").</summary>
    Exact,
}

/// <summary>One value for each of red, green and blue.</summary>
public readonly record struct ChannelTriple(float Red, float Green, float Blue)
{
    /// <summary>Value of channel 0, 1 or 2.</summary>
    public float this[int channel] => channel switch { 0 => Red, 1 => Green, 2 => Blue, _ => throw new ArgumentOutOfRangeException(nameof(channel)) };
}

/// <summary>
/// Everything that decides a model's input tensor, as values: models whose contracts are equal can share one tensor.
/// </summary>
/// <remarks>Source: Hugging Face <c>preprocessor_config.json</c> as read by CLIPImageProcessor and SiglipImageProcessor (transformers).</remarks>
public sealed record PreprocessContract
{
    /// <summary>CLIP's channel means.</summary>
    public static readonly ChannelTriple ClipMean = new(0.48145466f, 0.4578275f, 0.40821073f);

    /// <summary>CLIP's channel deviations.</summary>
    public static readonly ChannelTriple ClipStd = new(0.26862954f, 0.26130258f, 0.27577711f);

    /// <summary>How the resize target is found. Default shortest edge.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.ShortestEdge;

    /// <summary>Shortest edge, or height when exact; pixels. Default 224.</summary>
    public int ResizeHeight { get; init; } = 224;

    /// <summary>Width when exact (equal to <see cref="ResizeHeight"/> otherwise); pixels. Default 224.</summary>
    public int ResizeWidth { get; init; } = 224;

    /// <summary>Kernel. Default bicubic.</summary>
    public PilFilter Filter { get; init; } = PilFilter.Bicubic;

    /// <summary>Rows of the centre crop; 0 for none. Default 224.</summary>
    public int CropHeight { get; init; } = 224;

    /// <summary>Columns of the centre crop; 0 for none. Default 224.</summary>
    public int CropWidth { get; init; } = 224;

    /// <summary>Factor on the 8-bit value; 1 when the config says do_rescale false. Default 1/255.</summary>
    public double RescaleFactor { get; init; } = 1.0 / 255;

    /// <summary>Subtracted after rescaling; 0 when the config says do_normalize false.</summary>
    public ChannelTriple Mean { get; init; } = ClipMean;

    /// <summary>Divided by after subtracting; 1 when the config says do_normalize false.</summary>
    public ChannelTriple Std { get; init; } = ClipStd;

    /// <summary>Rows of the tensor.</summary>
    public int Height => CropHeight > 0 ? CropHeight : ResizeHeight;

    /// <summary>Columns of the tensor.</summary>
    public int Width => CropWidth > 0 ? CropWidth : ResizeWidth;

    /// <summary>Floats of one image: 3 x <see cref="Height"/> x <see cref="Width"/>.</summary>
    public int TensorLength => 3 * Height * Width;

    /// <summary>Reads a <c>preprocessor_config.json</c>. Sizes may be objects or bare integers, as old files have them.</summary>
    /// <exception cref="ModelContractException">The file is missing, is not JSON, or a field has a value this class does not know.</exception>
    public static PreprocessContract Read(string path) => PreprocessConfig.Parse(JsonFile.Read(path));
}
