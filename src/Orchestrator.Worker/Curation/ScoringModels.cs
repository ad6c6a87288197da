using System.Collections.Concurrent;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Inference;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Curation;

/// <summary>The models under <c>Models:Roots</c>: what this worker announces, and what its executors run.</summary>
public sealed class ScoringModels(ModelCatalog catalog, InferenceOptions options) : IScoringModels, IModelInventory, IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<PairEncoder>> _encoders = new(StringComparer.Ordinal);
    private readonly Lazy<IReadOnlyList<ModelInfo>> _announced = new(() => [.. catalog.Names().Select(name => Describe(catalog, name))]);

    /// <inheritdoc />
    public IReadOnlyCollection<string> Warm => [.. _encoders.Where(e => e.Value.IsValueCreated).Select(e => e.Key)];

    /// <inheritdoc />
    public IReadOnlyList<ModelInfo> List() => _announced.Value;

    /// <inheritdoc />
    public IPairEncoder GetPairEncoder(string name)
    {
        var encoder = _encoders.GetOrAdd(name, n => new Lazy<PairEncoder>(() => new PairEncoder(DualEncoder.Load(catalog.Get(n), options))));
        try
        {
            return encoder.Value;
        }
        catch (ModelContractException)
        {
            // A folder that is mended is loaded by the next attempt.
            _encoders.TryRemove(KeyValuePair.Create(name, encoder));
            throw;
        }
    }

    /// <summary>Frees the sessions.</summary>
    public void Dispose()
    {
        foreach (var encoder in _encoders.Values.Where(e => e.IsValueCreated))
        {
            encoder.Value.Dispose();
        }
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
        public string Digest => model.Folder.Digest;

        public string Provider => model.Provider;

        public PreprocessContract Contract => model.Preprocess;

        public ITextTokenizer Tokenizer => model.Tokenizer;

        public int Dimension => model.Width;

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
}
