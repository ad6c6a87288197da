using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>The text half of a <c>clip</c> or <c>siglip</c> folder on its own: new captions over cached images need no image graph.</summary>
/// <remarks>Embeddings come back L2-normalised; NaN marks a row without a direction. Safe for concurrent use; disposing while a run is under way is not.</remarks>
public sealed class TextTower : IDisposable
{
    private readonly EmbeddingTower _tower;
    private readonly GraphTensor _ids;
    private readonly GraphTensor? _mask;

    internal TextTower(EmbeddingTower tower, GraphTensor ids, GraphTensor? mask, ITextTokenizer tokenizer)
    {
        (_tower, _ids, _mask, Tokenizer) = (tower, ids, mask, tokenizer);
        // One short text: the width may be symbolic in the graph.
        var row = Array.Empty<float>();
        var first = new long[tokenizer.ContextLength];
        var length = tokenizer.Encode("a", first);
        Width = Run(first, new[] { length }, 1, width => row = new float[width]);
    }

    /// <summary>What it takes.</summary>
    public ITextTokenizer Tokenizer { get; }

    /// <summary>Floats of one embedding.</summary>
    public int Width { get; }

    /// <summary>Provider it runs on: cuda or cpu.</summary>
    public string Provider => _tower.Session.Provider;

    internal EmbeddingTower Tower => _tower;

    /// <summary>Loads the text half; the image graph of a split export is not opened.</summary>
    /// <exception cref="ModelContractException">As <see cref="DualEncoder.Load"/>.</exception>
    public static TextTower Load(ModelFolder folder, InferenceOptions options) => DualEncoderGraphs.OpenTexts(folder, options);

    /// <summary>Embeds tokenised texts.</summary>
    /// <param name="ids">count x ContextLength ids, as <see cref="ITextTokenizer.Encode"/> makes them.</param>
    /// <param name="lengths">What Encode returned for each row; read only when the graph takes an attention mask.</param>
    /// <param name="count">Texts, 1 or more.</param>
    /// <param name="embeddings">count x <see cref="Width"/> places.</param>
    /// <exception cref="ArgumentException">A length does not fit the count.</exception>
    public void Encode(ReadOnlyMemory<long> ids, ReadOnlyMemory<int> lengths, int count, Memory<float> embeddings)
    {
        var context = Tokenizer.ContextLength;
        EmbeddingTower.CheckLengths(ids.Length, context, embeddings.Length, Width, count);
        if (lengths.Length != count)
        {
            throw new ArgumentException($"{count} texts need {count} lengths, got {lengths.Length}", nameof(lengths));
        }

        _tower.InChunks(count, (from, rows) =>
            Run(ids.Slice(from * context, rows * context), lengths.Slice(from, rows), rows, _ => embeddings.Slice(from * Width, rows * Width)));
        Embeddings.Normalize(embeddings.Span, Width);
    }

    /// <summary>Tokenises and embeds texts in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] Encode(IReadOnlyList<string> texts)
    {
        var context = Tokenizer.ContextLength;
        var ids = new long[texts.Count * context];
        var lengths = new int[texts.Count];
        for (var i = 0; i < texts.Count; i++)
        {
            lengths[i] = Tokenizer.Encode(texts[i], ids.AsSpan(i * context, context));
        }

        var embeddings = new float[texts.Count * Width];
        Encode(ids, lengths, texts.Count, embeddings);
        return embeddings;
    }

    /// <inheritdoc/>
    public void Dispose() => _tower.Dispose();

    internal static long[] Mask(ReadOnlySpan<int> lengths, int context)
    {
        var mask = new long[lengths.Length * context];
        for (var i = 0; i < lengths.Length; i++)
        {
            mask.AsSpan(i * context, lengths[i]).Fill(1);
        }

        return mask;
    }

    private int Run(ReadOnlyMemory<long> ids, ReadOnlyMemory<int> lengths, int rows, Func<int, Memory<float>> destination)
    {
        var context = Tokenizer.ContextLength;
        var inputs = new List<KeyValuePair<string, OrtValue>>(2) { KeyValuePair.Create(_ids.Name, TensorFeed.Integers(ids, _ids.Type, rows, context)) };
        if (_mask is not null)
        {
            inputs.Add(KeyValuePair.Create(_mask.Name, TensorFeed.Integers(Mask(lengths.Span, context), _mask.Type, rows, context)));
        }

        return _tower.Run(inputs, rows, destination);
    }
}
