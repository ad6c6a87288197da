using Orchestrator.Inference;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Images;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>
/// A captioner <c>cap</c> and a filter <c>itm</c> beside the encoder <c>bright</c>. The captioner names the picture's level of grey
/// and its seed; the filter gives the number that a text ends in, in hundredths, else 0.9.
/// </summary>
internal sealed class ScriptedCaptions : IScoringModels, IImageCaptioner, ICaptionMatcher
{
    public BrightnessModels Bright { get; } = new();

    /// <summary>What is written for a brightness in [0, 255] and a seed.</summary>
    public Func<int, ulong, string?> Write { get; set; } = (grey, seed) => $"grey {grey} of seed {seed:x} 95";

    public List<int> Batches { get; } = [];

    public string Kind => "blip-caption";

    public string Digest => "d2";

    public string Provider => "cpu";

    public PreprocessContract Contract => Bright.Contract;

    public CaptionOptions Defaults => new() { MaxLength = 33 };

    public CaptionOptions? Seen { get; private set; }

    public IPairEncoder GetPairEncoder(string name) => Bright.GetPairEncoder(name);

    public IImageCaptioner GetCaptioner(string name) => name == "cap" ? this : throw new ModelContractException(name, "file", "a model folder", "nothing");

    public ITextDetector GetTextDetector(string name) => Bright.GetTextDetector(name);

    public ICaptionMatcher GetMatcher(string name) => name == "itm" ? this : throw new ModelContractException(name, "file", "a model folder", "nothing");

    public string?[] Caption(float[] pixels, int count, ulong[] seeds, CaptionOptions options)
    {
        Batches.Add(count);
        Seen = options;
        return [.. Enumerable.Range(0, count).Select(i => Write(Grey(pixels, i), seeds[i]))];
    }

    public float[][] Match(float[] pixels, int count, MatchToken token, params IReadOnlyList<string>[] texts) =>
        [.. texts.Select(list => list.Select(text => Score(text, token)).ToArray())];

    private int Grey(float[] pixels, int i) => (int)Math.Round(255 * pixels.AsSpan(i * Contract.TensorLength, Contract.TensorLength).ToArray().Average());

    private static float Score(string text, MatchToken token) =>
        text.EndsWith(" nan", StringComparison.Ordinal) ? float.NaN
        : int.TryParse(text.AsSpan(text.LastIndexOf(' ') + 1), out var hundredths) ? hundredths / (token == MatchToken.Class ? 200f : 100f)
        : 0.9f;
}
