using Orchestrator.Inference;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>
/// A model whose score is known: the mean brightness of the image in [0, 1], whatever the caption, except that a caption
/// with the word <c>nan</c> gives no finite score. Counts the batches it saw.
/// </summary>
internal sealed class BrightnessModels : IScoringModels, IPairEncoder, ITextTokenizer
{
    public List<int> Batches { get; } = [];

    public string Kind => "clip";

    public string Digest { get; set; } = "d1";

    public string Provider => "cpu";

    public PreprocessContract Contract { get; } = new()
    {
        ResizeHeight = 4, ResizeWidth = 4, CropHeight = 4, CropWidth = 4, Mean = default, Std = new ChannelTriple(1, 1, 1),
    };

    public ITextTokenizer Tokenizer => this;

    public int Dimension => 2;

    public int ContextLength => 1;

    public int PadId => 0;

    public IPairEncoder GetPairEncoder(string name) =>
        name == "bright" ? this : throw new ModelContractException(name, "file", "a model folder", "nothing", "known: bright");

    public IImageCaptioner GetCaptioner(string name) => throw new ModelContractException(name, "file", "a model folder", "nothing");

    public ICaptionMatcher GetMatcher(string name) => throw new ModelContractException(name, "file", "a model folder", "nothing");

    public ITextDetector GetTextDetector(string name) => name == "find" ? Detector : throw new ModelContractException(name, "file", "a model folder", "nothing", "known: find");

    /// <summary>The detector <c>find</c>.</summary>
    public WhiteDetector Detector { get; } = new();

    public string ImageDigest { get; set; } = "i1";

    public PairLogits GetLogits() => new(10, -5);

    public float[] EncodeImages(float[] pixels, int count)
    {
        Batches.Add(count);
        var rows = new float[count * 2];
        for (var i = 0; i < count; i++)
        {
            var mean = pixels.AsSpan(i * Contract.TensorLength, Contract.TensorLength).ToArray().Average();
            (rows[2 * i], rows[(2 * i) + 1]) = (mean, MathF.Sqrt(1 - Math.Min(1, mean * mean)));
        }

        return rows;
    }

    public float[] EncodeTexts(long[] ids, int[] lengths, int count)
    {
        var rows = new float[count * 2];
        for (var i = 0; i < count; i++)
        {
            (rows[2 * i], rows[(2 * i) + 1]) = ids[i] == 1 ? (float.NaN, float.NaN) : (1f, 0f);
        }

        return rows;
    }

    public int Encode(string text, Span<long> ids)
    {
        ids[0] = text.Contains("nan", StringComparison.Ordinal) ? 1 : 0;
        return 1;
    }
}

/// <summary>Takes for text whatever is nearly white, on a grid of 12 x 11 cells.</summary>
internal sealed class WhiteDetector : ITextDetector
{
    public string Kind => "text-detector";

    public string Digest => "d3";

    public string Provider => "cpu";

    public PreprocessContract Contract { get; } = new()
    {
        Resize = ResizeMode.Exact, ResizeHeight = 11, ResizeWidth = 12, CropHeight = 0, CropWidth = 0, Filter = PilFilter.Box, Mean = default, Std = new ChannelTriple(1, 1, 1),
    };

    public TextMap Detect(float[] pixels) => new([.. pixels.Take(12 * 11).Select(p => p > 0.95f ? 0.9f : 0.1f)], 12);
}
