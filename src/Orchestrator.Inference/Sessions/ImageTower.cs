using System.Text.Json;
using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Sessions;

/// <summary>The image half of a <c>clip</c> or <c>siglip</c> folder on its own: what an embedding cache fills itself with.</summary>
/// <remarks>Embeddings come back L2-normalised; NaN marks a row without a direction. Safe for concurrent use; disposing while a run is under way is not.</remarks>
public sealed class ImageTower : IDisposable
{
    private readonly EmbeddingTower _tower;
    private readonly GraphTensor _pixels;

    internal ImageTower(EmbeddingTower tower, GraphTensor pixels, PreprocessContract preprocess)
    {
        (_tower, _pixels, Preprocess) = (tower, pixels, preprocess);
        // One grey image: the width may be symbolic in the graph.
        var row = Array.Empty<float>();
        Width = Run(new float[preprocess.TensorLength], 1, width => row = new float[width]);
    }

    /// <summary>What it takes.</summary>
    public PreprocessContract Preprocess { get; }

    /// <summary>Floats of one embedding.</summary>
    public int Width { get; }

    /// <summary>Provider it runs on: cuda or cpu.</summary>
    public string Provider => _tower.Session.Provider;

    /// <summary>
    /// SHA-256, lower-case hex, over what decides a picture's embedding: graph, weights, output and preprocessing. Folders that differ in the text half
    /// alone have the same.
    /// </summary>
    /// <param name="folder">The folder it was loaded from.</param>
    public string DigestOf(ModelFolder folder) =>
        ModelDigest.OfImages(folder.FolderPath, _tower.Session.File, $"{_tower.OutputName}\n{JsonSerializer.Serialize(Preprocess)}");

    /// <summary>Providers tried and not used, with reasons.</summary>
    public IReadOnlyList<string> RefusedProviders => _tower.Session.Refused;

    /// <summary>Loads the image half; the text graph of a split export is not opened.</summary>
    /// <exception cref="ModelContractException">As <see cref="DualEncoder.Load"/>.</exception>
    public static ImageTower Load(ModelFolder folder, InferenceOptions options) => DualEncoderGraphs.OpenImages(folder, options);

    /// <summary>Embeds images.</summary>
    /// <param name="pixels">count x <see cref="PreprocessContract.TensorLength"/> floats, as <see cref="ImagePreprocessor.Write"/> makes them.</param>
    /// <param name="count">Images, 1 or more.</param>
    /// <param name="embeddings">count x <see cref="Width"/> places.</param>
    /// <exception cref="ArgumentException">A length does not fit the count.</exception>
    public void Encode(ReadOnlyMemory<float> pixels, int count, Memory<float> embeddings)
    {
        EmbeddingTower.CheckLengths(pixels.Length, Preprocess.TensorLength, embeddings.Length, Width, count);
        _tower.InChunks(count, (from, rows) =>
            Run(pixels.Slice(from * Preprocess.TensorLength, rows * Preprocess.TensorLength), rows, _ => embeddings.Slice(from * Width, rows * Width)));
        Embeddings.Normalize(embeddings.Span, Width);
    }

    /// <summary>Preprocesses and embeds decoded images in one batch: count x <see cref="Width"/> floats.</summary>
    public float[] Encode(IReadOnlyList<DecodedImage> images)
    {
        var preprocessor = new ImagePreprocessor(Preprocess);
        var pixels = new float[images.Count * Preprocess.TensorLength];
        for (var i = 0; i < images.Count; i++)
        {
            preprocessor.Write(images[i], pixels.AsSpan(i * Preprocess.TensorLength, Preprocess.TensorLength));
        }

        var embeddings = new float[images.Count * Width];
        Encode(pixels, images.Count, embeddings);
        return embeddings;
    }

    /// <inheritdoc/>
    public void Dispose() => _tower.Dispose();

    private int Run(ReadOnlyMemory<float> pixels, int rows, Func<int, Memory<float>> destination) =>
        _tower.Run([KeyValuePair.Create(_pixels.Name, TensorFeed.Floats(pixels, _pixels.Type, rows, 3, Preprocess.Height, Preprocess.Width))], rows, destination);
}
