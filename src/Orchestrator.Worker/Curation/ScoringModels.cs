using Orchestrator.Contracts.Dispatch;
using Orchestrator.Inference;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Curation;

/// <summary>The models under <c>Models:Roots</c>: what this worker announces, and what its executors run.</summary>
/// <param name="catalog">Finds them.</param>
/// <param name="options">How they run.</param>
/// <param name="names">Lists those to announce; null for all of the catalog.</param>
public sealed class ScoringModels(ModelCatalog catalog, InferenceOptions options, Func<IReadOnlyList<string>>? names = null) : IScoringModels, IModelInventory, IDisposable
{
    private readonly LoadedModels<PairEncoder> _encoders = new(name => new(DualEncoder.Load(catalog.Get(name), options)));
    private readonly LoadedModels<ImageCaptioner> _captioners = new(name => new(Captioner.Load(catalog.Get(name), options)));
    private readonly LoadedModels<CaptionMatcher> _matchers = new(name => new(ImageTextMatcher.Load(catalog.Get(name), options)));
    private readonly LoadedModels<Detector> _detectors = new(name => new(TextDetector.Load(catalog.Get(name), options)));

    // Publication only: a Lazy of another mode keeps its exception, and a folder that could not be listed once would fail every exchange.
    private readonly Lazy<IReadOnlyList<ModelInfo>> _announced =
        new(() => [.. (names ?? catalog.Names)().Select(name => Describe(catalog, name))], LazyThreadSafetyMode.PublicationOnly);

    /// <inheritdoc />
    public IReadOnlyCollection<string> Warm => [.. _encoders.Names, .. _captioners.Names, .. _matchers.Names, .. _detectors.Names];

    /// <inheritdoc />
    public IReadOnlyList<ModelInfo> List() => _announced.Value;

    /// <inheritdoc />
    public IPairEncoder GetPairEncoder(string name) => _encoders.Get(name);

    /// <inheritdoc />
    public IImageCaptioner GetCaptioner(string name) => _captioners.Get(name);

    /// <inheritdoc />
    public ICaptionMatcher GetMatcher(string name) => _matchers.Get(name);

    /// <inheritdoc />
    public ITextDetector GetTextDetector(string name) => _detectors.Get(name);

    /// <summary>Frees the sessions.</summary>
    public void Dispose()
    {
        _encoders.Dispose();
        _captioners.Dispose();
        _matchers.Dispose();
        _detectors.Dispose();
    }

    private static ModelInfo Describe(ModelCatalog catalog, string name)
    {
        try
        {
            var folder = catalog.Get(name);
            return new ModelInfo(name, folder.Kind, folder.Digest, null);
        }
        catch (Exception e) when (e is ModelContractException or IOException or UnauthorizedAccessException)
        {
            return new ModelInfo(name, "", "", e.Message);
        }
    }

    private sealed class PairEncoder(DualEncoder model) : IPairEncoder, IDisposable
    {
        public string Kind => model.Folder.Kind;

        public string Digest => model.Folder.Digest;

        public string Provider => model.Provider;

        public PreprocessContract Contract => model.Preprocess;

        public ITextTokenizer Tokenizer => model.Tokenizer;

        public int Dimension => model.Width;

        public string ImageDigest => model.ImageDigest;

        public PairLogits GetLogits() => model.PairLogits();

        public float[] EncodeImages(float[] pixels, int count)
        {
            var embeddings = new float[count * Dimension];
            model.EncodeImages(pixels.AsMemory(0, count * Contract.TensorLength), count, embeddings);
            return embeddings;
        }

        public float[] EncodeTexts(long[] ids, int[] lengths, int count)
        {
            var embeddings = new float[count * Dimension];
            model.EncodeTexts(ids.AsMemory(0, count * Tokenizer.ContextLength), lengths, count, embeddings);
            return embeddings;
        }

        public void Dispose() => model.Dispose();
    }

    private sealed class ImageCaptioner(Captioner model) : IImageCaptioner, IDisposable
    {
        public string Kind => model.Folder.Kind;

        public string Digest => model.Folder.Digest;

        public string Provider => model.Provider;

        public PreprocessContract Contract => model.Preprocess;

        public CaptionOptions Defaults => model.Defaults;

        public string?[] Caption(float[] pixels, int count, ulong[] seeds, CaptionOptions options)
        {
            try
            {
                var states = model.EncodeImages(pixels.AsMemory(0, count * Contract.TensorLength), count);
                return Batch(states, seeds, options) ?? Enumerable.Range(0, count).Select(i => Batch(states.Select([i]), [seeds[i]], options)?[0]).ToArray();
            }
            catch (ArgumentException e)
            {
                throw new ModelContractException(model.Folder.FolderPath, "capfilt", "settings that the captioner can follow", e.Message, "Change minLength or maxLength of the stage", e);
            }
        }

        public void Dispose() => model.Dispose();

        // One picture whose scores are not numbers stops its batch; the others are then captioned one by one.
        private string?[]? Batch(ImageStates states, ulong[] seeds, CaptionOptions options)
        {
            try
            {
                return [.. model.Generate(states, seeds, options).Select(c => c.Text)];
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }
    }

    private sealed class CaptionMatcher(ImageTextMatcher model) : ICaptionMatcher, IDisposable
    {
        public string Kind => model.Folder.Kind;

        public string Digest => model.Folder.Digest;

        public string Provider => model.Provider;

        public PreprocessContract Contract => model.Preprocess;

        public float[][] Match(float[] pixels, int count, MatchToken token, params IReadOnlyList<string>[] texts)
        {
            var states = model.EncodeImages(pixels.AsMemory(0, count * Contract.TensorLength), count);
            return [.. texts.Select(t => model.Match(states, t, token))];
        }

        public void Dispose() => model.Dispose();
    }

    private sealed class Detector(TextDetector model) : ITextDetector, IDisposable
    {
        public string Kind => model.Folder.Kind;

        public string Digest => model.Folder.Digest;

        public string Provider => model.Provider;

        public PreprocessContract Contract => model.Preprocess;

        public TextMap Detect(float[] pixels) => model.Detect(pixels);

        public void Dispose() => model.Dispose();
    }
}
