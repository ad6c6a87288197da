using Microsoft.ML.OnnxRuntime;
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
    private readonly DualEncoderGraph _graph;

    private DualEncoder(ModelFolder folder, PreprocessContract preprocess, ITextTokenizer tokenizer, DualEncoderGraph graph) =>
        (Folder, Preprocess, Tokenizer, _graph, Width) = (folder, preprocess, tokenizer, graph, 0);

    /// <summary>The folder it was loaded from.</summary>
    public ModelFolder Folder { get; }

    /// <summary>What the image tower takes.</summary>
    public PreprocessContract Preprocess { get; }

    /// <summary>What the text tower takes.</summary>
    public ITextTokenizer Tokenizer { get; }

    /// <summary>Floats of one embedding.</summary>
    public int Width { get; private set; }

    /// <summary>Provider the image tower runs on: cuda or cpu.</summary>
    public string Provider => _graph.Image.Session.Provider;

    /// <summary>Providers tried and not used, with reasons.</summary>
    public IReadOnlyList<string> RefusedProviders => _graph.Image.Session.Refused;

    /// <summary>Factor on the cosine from the manifest; null when it states none.</summary>
    public double? LogitScale => Folder.Manifest.LogitScale;

    /// <summary>Offset after the factor from the manifest; null when it states none.</summary>
    public double? LogitBias => Folder.Manifest.LogitBias;

    /// <summary>Loads and checks a folder of kind clip or siglip.</summary>
    /// <exception cref="ModelContractException">A file is missing, or graph, configs and tokenizer do not fit together.</exception>
    public static DualEncoder Load(ModelFolder folder, InferenceOptions options)
    {
        if (folder.Kind is not ("clip" or "siglip"))
        {
            throw new ModelContractException(folder.FolderPath, "kind", "clip or siglip", folder.Kind);
        }

        var preprocess = PreprocessContract.Read(folder.PathOf("preprocessor_config.json"));
        var tokenizer = TextTokenizers.Load(folder);
        var graph = DualEncoderGraph.Open(folder, options, preprocess, tokenizer);
        var encoder = new DualEncoder(folder, preprocess, tokenizer, graph);
        try
        {
            encoder.Probe();
            return encoder;
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>Embeds images.</summary>
    /// <param name="pixels">count x <see cref="PreprocessContract.TensorLength"/> floats, as <see cref="ImagePreprocessor.Write"/> makes them.</param>
    /// <param name="count">Images, 1 or more.</param>
    /// <param name="embeddings">count x <see cref="Width"/> places.</param>
    /// <exception cref="ArgumentException">A length does not fit the count.</exception>
    public void EncodeImages(ReadOnlyMemory<float> pixels, int count, Memory<float> embeddings)
    {
        Lengths(pixels.Length, Preprocess.TensorLength, embeddings.Length, count);
        Chunks(_graph.Image, count, (from, rows) =>
        {
            var batch = pixels.Slice(from * Preprocess.TensorLength, rows * Preprocess.TensorLength);
            _graph.RunImages(batch, rows, _ => embeddings.Slice(from * Width, rows * Width));
        });
        Embeddings.Normalize(embeddings.Span, Width);
    }

    /// <summary>Embeds tokenised texts.</summary>
    /// <param name="ids">count x ContextLength ids, as <see cref="ITextTokenizer.Encode"/> makes them.</param>
    /// <param name="lengths">What Encode returned for each row; read only when the graph takes an attention mask.</param>
    /// <param name="count">Texts, 1 or more.</param>
    /// <param name="embeddings">count x <see cref="Width"/> places.</param>
    /// <exception cref="ArgumentException">A length does not fit the count.</exception>
    public void EncodeTexts(ReadOnlyMemory<long> ids, ReadOnlyMemory<int> lengths, int count, Memory<float> embeddings)
    {
        var context = Tokenizer.ContextLength;
        Lengths(ids.Length, context, embeddings.Length, count);
        if (lengths.Length != count)
        {
            throw new ArgumentException($"{count} texts need {count} lengths, got {lengths.Length}", nameof(lengths));
        }

        Chunks(_graph.Text, count, (from, rows) =>
            _graph.RunTexts(ids.Slice(from * context, rows * context), lengths.Slice(from, rows), rows, context, _ => embeddings.Slice(from * Width, rows * Width)));
        Embeddings.Normalize(embeddings.Span, Width);
    }

    /// <summary>Tokenises and embeds texts in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] EncodeTexts(IReadOnlyList<string> texts)
    {
        var context = Tokenizer.ContextLength;
        var ids = new long[texts.Count * context];
        var lengths = new int[texts.Count];
        for (var i = 0; i < texts.Count; i++)
        {
            lengths[i] = Tokenizer.Encode(texts[i], ids.AsSpan(i * context, context));
        }

        var embeddings = new float[texts.Count * Width];
        EncodeTexts(ids, lengths, texts.Count, embeddings);
        return embeddings;
    }

    /// <summary>Preprocesses and embeds decoded images in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] EncodeImages(IReadOnlyList<DecodedImage> images)
    {
        var preprocessor = new ImagePreprocessor(Preprocess);
        var pixels = new float[images.Count * Preprocess.TensorLength];
        for (var i = 0; i < images.Count; i++)
        {
            preprocessor.Write(images[i], pixels.AsSpan(i * Preprocess.TensorLength, Preprocess.TensorLength));
        }

        var embeddings = new float[images.Count * Width];
        EncodeImages(pixels, images.Count, embeddings);
        return embeddings;
    }

    /// <inheritdoc/>
    public void Dispose() => _graph.Dispose();

    /// <summary>One row through each tower: shapes that only running shows, and the common width.</summary>
    private void Probe()
    {
        var row = Array.Empty<float>();
        Memory<float> Take(int width) => row = new float[width];
        Width = _graph.RunImages(new float[Preprocess.TensorLength], 1, Take);
        var ids = new long[Tokenizer.ContextLength];
        var length = Tokenizer.Encode("a", ids);
        var text = _graph.RunTexts(ids, new[] { length }, 1, ids.Length, Take);
        if (text != Width)
        {
            throw new ModelContractException(_graph.Text.Session.File, _graph.Text.OutputName, $"width {Width}, that of the image tower", $"{text}", $"Name the projected outputs in {ModelManifest.FileName} under outputs.vision and outputs.text");
        }
    }

    private void Lengths(int input, int rowLength, int output, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (input != (long)count * rowLength || output != (long)count * Width)
        {
            throw new ArgumentException($"{count} rows need {(long)count * rowLength} inputs and {(long)count * Width} places, got {input} and {output}", nameof(count));
        }
    }

    private static void Chunks(EmbeddingTower tower, int count, Action<int, int> run)
    {
        var step = tower.FixedBatch == 0 ? count : tower.FixedBatch;
        for (var from = 0; from < count; from += step)
        {
            run(from, step);
        }
    }
}
