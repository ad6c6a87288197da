using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>When a model ran, and for how long. Belongs to one attempt, whose threads may run models side by side.</summary>
internal sealed class ModelClock(string model, string provider, CurationInstruments instruments)
{
    private readonly Lock _gate = new();

    /// <summary>When the first run began; null where there was none.</summary>
    public DateTimeOffset? First { get; private set; }

    /// <summary>When the last run ended.</summary>
    public DateTimeOffset? Last { get; private set; }

    /// <summary>Time of all runs.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Runs the model on <paramref name="count"/> items.</summary>
    public T Measure<T>(int count, Func<T> run)
    {
        var (began, start) = (instruments.Time.GetUtcNow(), instruments.Time.GetTimestamp());
        var result = run();
        var elapsed = instruments.Time.GetElapsedTime(start);
        lock (_gate)
        {
            First = First < began ? First : began;
            Busy += elapsed;
            Last = instruments.Time.GetUtcNow();
        }

        instruments.OnRun(model, provider, count, elapsed);
        return result;
    }
}

/// <summary>A model whose runs are timed.</summary>
internal abstract class MeasuredModel(IScoringModel inner, ModelClock clock) : IScoringModel
{
    public string Kind => inner.Kind;

    public string Digest => inner.Digest;

    public string Provider => inner.Provider;

    public PreprocessContract Contract => inner.Contract;

    public ModelClock Clock => clock;
}

/// <summary>Times the runs of a dual encoder.</summary>
internal sealed class MeasuredEncoder(IPairEncoder inner, ModelClock clock) : MeasuredModel(inner, clock), IPairEncoder
{
    public ITextTokenizer Tokenizer => inner.Tokenizer;

    public int Dimension => inner.Dimension;

    public string ImageDigest => inner.ImageDigest;

    public PairLogits GetLogits() => inner.GetLogits();

    public float[] EncodeImages(float[] pixels, int count) => Clock.Measure(count, () => inner.EncodeImages(pixels, count));

    public float[] EncodeTexts(long[] ids, int[] lengths, int count) => Clock.Measure(count, () => inner.EncodeTexts(ids, lengths, count));
}

/// <summary>Times the runs of a captioner.</summary>
internal sealed class MeasuredCaptioner(IImageCaptioner inner, ModelClock clock) : MeasuredModel(inner, clock), IImageCaptioner
{
    public CaptionOptions Defaults => inner.Defaults;

    public string?[] Caption(float[] pixels, int count, ulong[] seeds, CaptionOptions options) =>
        Clock.Measure(count, () => inner.Caption(pixels, count, seeds, options));
}

/// <summary>Times the runs of a filter.</summary>
internal sealed class MeasuredMatcher(ICaptionMatcher inner, ModelClock clock) : MeasuredModel(inner, clock), ICaptionMatcher
{
    public float[][] Match(float[] pixels, int count, MatchToken token, params IReadOnlyList<string>[] texts) =>
        Clock.Measure(count, () => inner.Match(pixels, count, token, texts));
}

/// <summary>Times the runs of a text detector.</summary>
internal sealed class MeasuredDetector(ITextDetector inner, ModelClock clock) : MeasuredModel(inner, clock), ITextDetector
{
    public TextMap Detect(float[] pixels) => Clock.Measure(1, () => inner.Detect(pixels));
}
