using Orchestrator.Inference.Images;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>
/// An image tower and a text tower into one space: CLIP, SigLIP, and models trained like them. Embeddings come back L2-normalised
/// whatever the graph does.
/// </summary>
/// <remarks>
/// Takes split exports (<c>vision_model.onnx</c>, <c>text_model.onnx</c>) or a joint <c>model.onnx</c>; a joint graph runs both halves each
/// time, so the other half is fed one constant row. Inputs and outputs are found by manifest, by usual name (image_embeds,
/// text_embeds, pooler_output), or by being the only one that fits, and are checked at load with one row through each tower. Graphs
/// with half-precision tensors are fed and read as such. NaN and infinity are not hidden: such a row comes back as NaN and the
/// caller decides. Safe for concurrent use; disposing while a run is under way is not.
/// </remarks>
public sealed class DualEncoder : IDisposable
{
    private readonly Lazy<string> _imageDigest;

    private DualEncoder(ModelFolder folder, ImageTower images, TextTower texts)
    {
        (Folder, Images, Texts) = (folder, images, texts);
        _imageDigest = new Lazy<string>(() => images.DigestOf(folder));
    }

    /// <summary>The folder it was loaded from.</summary>
    public ModelFolder Folder { get; }

    /// <summary>The image half.</summary>
    public ImageTower Images { get; }

    /// <summary>The text half.</summary>
    public TextTower Texts { get; }

    /// <summary>As <see cref="ImageTower.DigestOf"/>. Computed on first use and kept.</summary>
    public string ImageDigest => _imageDigest.Value;

    /// <summary>What the image tower takes.</summary>
    public PreprocessContract Preprocess => Images.Preprocess;

    /// <summary>What the text tower takes.</summary>
    public ITextTokenizer Tokenizer => Texts.Tokenizer;

    /// <summary>Floats of one embedding.</summary>
    public int Width => Images.Width;

    /// <summary>Provider the image tower runs on: cuda or cpu.</summary>
    public string Provider => Images.Provider;

    /// <summary>Providers tried and not used, with reasons.</summary>
    public IReadOnlyList<string> RefusedProviders => Images.RefusedProviders;

    /// <summary>Factor on the cosine from the manifest; null when it states none.</summary>
    public double? LogitScale => Folder.Manifest.LogitScale;

    /// <summary>Offset after the factor from the manifest; null when it states none.</summary>
    public double? LogitBias => Folder.Manifest.LogitBias;

    /// <summary>Loads and checks a folder of kind clip or siglip, with one row through each tower.</summary>
    /// <exception cref="ModelContractException">A file is missing, or graph, configs and tokenizer do not fit together.</exception>
    public static DualEncoder Load(ModelFolder folder, InferenceOptions options)
    {
        var (images, texts) = DualEncoderGraphs.Open(folder, options);
        var encoder = new DualEncoder(folder, images, texts);
        if (texts.Width == images.Width)
        {
            return encoder;
        }

        encoder.Dispose();
        throw new ModelContractException(texts.Tower.Session.File, texts.Tower.OutputName, $"width {images.Width}, that of the image tower", $"{texts.Width}", $"Name the projected outputs in {ModelManifest.FileName} under outputs.vision and outputs.text");
    }

    /// <summary>As <see cref="ImageTower.Encode(ReadOnlyMemory{float}, int, Memory{float})"/>.</summary>
    public void EncodeImages(ReadOnlyMemory<float> pixels, int count, Memory<float> embeddings) => Images.Encode(pixels, count, embeddings);

    /// <summary>As <see cref="TextTower.Encode(ReadOnlyMemory{long}, ReadOnlyMemory{int}, int, Memory{float})"/>.</summary>
    public void EncodeTexts(ReadOnlyMemory<long> ids, ReadOnlyMemory<int> lengths, int count, Memory<float> embeddings) => Texts.Encode(ids, lengths, count, embeddings);

    /// <summary>Tokenises and embeds texts in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] EncodeTexts(IReadOnlyList<string> texts) => Texts.Encode(texts);

    /// <summary>Preprocesses and embeds decoded images in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] EncodeImages(IReadOnlyList<DecodedImage> images) => Images.Encode(images);

    /// <summary>Turns cosines into SigLIP's logits and probabilities.</summary>
    /// <exception cref="ModelContractException">The manifest states no logit_scale or no logit_bias: split graphs do not carry them.</exception>
    public PairLogits PairLogits()
    {
        double Stated(double? value, string field) => value
            ?? throw new ModelContractException(Folder.PathOf(ModelManifest.FileName), field, "a number, which the split graphs do not carry", "nothing", "Copy it from the model's weights (logit_scale is exp(t'))");
        return new PairLogits(Stated(LogitScale, "logit_scale"), Stated(LogitBias, "logit_bias"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Images.Dispose();
        Texts.Dispose();
    }
}

/// <summary>
/// SigLIP's reading of a cosine (Zhai 2023, section 3): logit = scale x cosine + bias, probability = 1 / (1 + e^-logit). Both grow with
/// the cosine, so they rank pairs alike; a good pair's probability is often 0.1 to 0.3, so 0.5 is no threshold.
/// </summary>
/// <param name="Scale">exp(t'), above 0.</param>
/// <param name="Bias">b; -10 at the start of training.</param>
public readonly record struct PairLogits(double Scale, double Bias)
{
    /// <summary>Logit of a cosine in [-1, 1]; NaN for NaN.</summary>
    public double Logit(double cosine) => (Scale * cosine) + Bias;

    /// <summary>Probability in [0, 1] that the pair belongs together; NaN for NaN.</summary>
    public double Probability(double cosine) => 1 / (1 + Math.Exp(-Logit(cosine)));
}
