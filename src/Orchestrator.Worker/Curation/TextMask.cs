using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Curation.TextMask;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Paints over what a detector takes for text. One picture at a time, on the threads of the CPU side, so that no decoded picture has to wait for a
/// batch and the result depends on the picture alone. Thread-safe.
/// </summary>
/// <param name="options">The stage.</param>
/// <param name="detector">The detector.</param>
/// <param name="area">Index of the signal for the share that is painted over.</param>
public sealed class TextMask(TextMaskedScoreOptions options, ITextDetector detector, int area)
{
    private readonly ImagePreprocessor _preprocessor = new(detector.Contract);

    /// <summary>The picture without its text; the picture itself where there is none.</summary>
    public DecodedImage Apply(DecodedImage image, float[] signals)
    {
        var pixels = new float[detector.Contract.TensorLength];
        _preprocessor.Write(image, pixels);
        var map = detector.Detect(pixels);
        var boxes = TextRegions.Find(map.Values, map.Width, options.Threshold, options.Grow, options.MinSide, image.Width, image.Height);
        var copy = boxes.Count == 0 ? image : new DecodedImage(image.Width, image.Height, image.Channels, [.. image.Pixels]);
        signals[area] = (float)RegionFill.Fill(copy.Pixels, image.Width, image.Channels, boxes);
        return copy;
    }
}
