using System.Collections.Concurrent;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What language models need, loaded once a process: graphs, heads, tokenizers, datastores. Safe for concurrent use.</summary>
public sealed class LanguageShelf(ModelCatalog catalog, InferenceOptions options) : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<object>> loaded = new(StringComparer.Ordinal);

    /// <summary>A model folder by name.</summary>
    public ModelFolder Folder(string name) => catalog.Get(name);

    /// <summary>
    /// The decoder to verify and draft with: the graph for trees (<c>files.tree</c>, <c>onnx/decoder_tree.onnx</c>) where there is
    /// one, else the plain one (<c>files.plain</c>, <c>onnx/decoder_model.onnx</c>, <c>onnx/model.onnx</c>).
    /// </summary>
    public DecoderGraph Decoder(string model)
    {
        var folder = Folder(model);
        var file = folder.FindGraph("tree", options.Precision, "decoder_tree") ?? folder.FindGraph("plain", options.Precision, "decoder_model", "model")
            ?? throw Missing(folder, "files.plain", "a decoder, such as onnx/model.onnx");
        return Load(file, () => DecoderGraph.Open(file, options));
    }

    /// <summary>A further graph of a folder by its role in the manifest: <c>head</c>, <c>module</c>, <c>exit_2</c>.</summary>
    public DecoderGraph Decoder(string model, string role)
    {
        var folder = Folder(model);
        var file = folder.FindGraph(role, options.Precision) ?? throw Missing(folder, $"files.{role}", "a graph");
        return Load(file, () => DecoderGraph.Open(file, options));
    }

    /// <summary>Heads on hidden states.</summary>
    public HeadsGraph Heads(string model)
    {
        var folder = Folder(model);
        var file = folder.FindGraph("heads", options.Precision, "medusa_heads", "heads") ?? throw Missing(folder, "files.heads", "heads");
        return Load(file, () => HeadsGraph.Open(file, options));
    }

    /// <summary>EAGLE-3's fusion; null where the folder has none.</summary>
    public FeatureFusion? Fusion(string model)
    {
        var file = Folder(model).FindGraph("fuse", options.Precision);
        return file is null ? null : Load(file, () => FeatureFusion.Open(file, options));
    }

    /// <summary>The model's tokenizer.</summary>
    public ByteLevelTokenizer Tokenizer(string model)
    {
        var folder = Folder(model);
        return Load($"{folder.FolderPath}|tokenizer", () => TextTokenizers.LoadByteLevel(folder));
    }

    /// <summary>A retrieval datastore, indexed.</summary>
    public SuffixArray Datastore(string model)
    {
        var folder = Folder(model);
        return Load($"{folder.FolderPath}|datastore", () =>
        {
            var store = TokenDatastore.Load(folder);
            var separator = folder.Manifest.Integer("separator_token_id");
            return SuffixArray.Build(Documents(store.Tokens, separator));
        });
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var item in loaded.Values.Where(item => item.IsValueCreated))
        {
            (item.Value as IDisposable)?.Dispose();
        }
    }

    private static IEnumerable<IReadOnlyList<int>> Documents(ushort[] tokens, int? separator)
    {
        var document = new List<int>();
        foreach (var token in tokens)
        {
            document.Add(token);
            if (token == separator)
            {
                yield return document;
                document = [];
            }
        }

        if (document.Count > 0)
        {
            yield return document;
        }
    }

    private static Inference.ModelContractException Missing(ModelFolder folder, string field, string expected) =>
        new(folder.PathOf(ModelManifest.FileName), field, expected, "none", "Export it, or name its file in the manifest");

    private T Load<T>(string key, Func<T> load)
        where T : class
    {
        var item = loaded.GetOrAdd(key, _ => new Lazy<object>(load));
        try
        {
            return (T)item.Value;
        }
        catch
        {
            // A folder that is mended is loaded by the next attempt.
            loaded.TryRemove(KeyValuePair.Create(key, item));
            throw;
        }
    }
}
