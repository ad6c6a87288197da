using Orchestrator.Inference.Images;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Curation;

/// <summary>Times the runs of a model. Belongs to one attempt; not for concurrent use.</summary>
internal sealed class MeasuredEncoder(IPairEncoder inner, string model, CurationInstruments instruments) : IPairEncoder
{
    public string Digest => inner.Digest;

    public string Provider => inner.Provider;

    public PreprocessContract Contract => inner.Contract;

    public ITextTokenizer Tokenizer => inner.Tokenizer;

    public int Dimension => inner.Dimension;

    /// <summary>When the first run began; null where there was none.</summary>
    public DateTimeOffset? First { get; private set; }

    /// <summary>When the last run ended.</summary>
    public DateTimeOffset? Last { get; private set; }

    /// <summary>Time of all runs.</summary>
    public TimeSpan Busy { get; private set; }

    public float[] EncodeImages(float[] pixels, int count) => Measure(count, () => inner.EncodeImages(pixels, count));

    public float[] EncodeTexts(long[] ids, int[] lengths, int count) => Measure(count, () => inner.EncodeTexts(ids, lengths, count));

    private float[] Measure(int count, Func<float[]> run)
    {
        First ??= instruments.Time.GetUtcNow();
        var start = instruments.Time.GetTimestamp();
        var result = run();
        var elapsed = instruments.Time.GetElapsedTime(start);
        Busy += elapsed;
        Last = instruments.Time.GetUtcNow();
        instruments.OnRun(model, inner.Provider, count, elapsed);
        return result;
    }
}
