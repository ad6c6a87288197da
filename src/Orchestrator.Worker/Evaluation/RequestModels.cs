using System.Text.Json;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Worker.Evaluation;

/// <summary>A target's methods over ONNX graphs, for one request; draft sequences are closed with it.</summary>
/// <param name="target">The target's folder.</param>
/// <param name="shelf">Models.</param>
/// <param name="vocabularySize">The target's.</param>
/// <param name="endTokens">Ids that end an output.</param>
internal sealed class RequestModels(string target, LanguageShelf shelf, int vocabularySize, IReadOnlySet<int> endTokens) : IMethodModels, IDisposable
{
    /// <summary>Acceptance by rank where nothing was measured: Sequoia's search needs some, and these fall as measured ones do.</summary>
    private static readonly double[] DefaultAcceptance = [0.6, 0.15, 0.07, 0.04];

    private readonly List<IDisposable> opened = [];

    /// <summary>Over a target that is loaded.</summary>
    public RequestModels(string target, LanguageShelf shelf)
        : this(target, shelf, shelf.Decoder(target).VocabularySize, EndTokensOf(target, shelf))
    {
    }

    /// <inheritdoc />
    public IReadOnlySet<int> EndTokens => endTokens;

    /// <summary>Ids that end a target's output.</summary>
    public static IReadOnlySet<int> EndTokensOf(string target, LanguageShelf shelf) =>
        shelf.Tokenizer(target).EndId is { } end ? new HashSet<int> { end } : [];

    /// <summary>Outputs of the target that a method reads.</summary>
    /// <exception cref="ModelContractException">The head does not say which layers it reads.</exception>
    public static IReadOnlyList<string> HiddenOf(MethodOptions method, LanguageShelf shelf) => method switch
    {
        EagleOptions o when shelf.Fusion(o.Head) is not null =>
            [.. List(shelf, o.Head, "feature_layers", "the layers that the fusion reads, such as [1, 3, 5]").Select(layer => $"{DecoderGraph.HiddenStates}.{layer}")],
        EagleOptions or MedusaOptions or MtpOptions => [DecoderGraph.HiddenStates],
        _ => [],
    };

    /// <inheritdoc />
    public IDraftNetwork Network(MethodOptions method)
    {
        var (graph, onHidden, fusion) = method switch
        {
            DraftModelOptions o => (shelf.Decoder(o.Draft), false, null),
            DraftTreeOptions o => (shelf.Decoder(o.Draft), false, null),
            EarlyExitOptions o => (shelf.Decoder(target, FormattableString.Invariant($"exit_{o.Layer}")), false, null),
            EagleOptions o => (shelf.Decoder(o.Head, "head"), true, shelf.Fusion(o.Head)),
            MtpOptions o => (shelf.Decoder(o.Module, "module"), true, (FeatureFusion?)null),
            _ => throw new ArgumentOutOfRangeException(nameof(method), method.Type, "This method drafts with no network."),
        };
        CheckVocabulary(graph.VocabularySize, graph.File);
        IDraftNetwork network = onHidden ? new HiddenDraftNetwork(graph, fusion) : new CausalDraftNetwork(graph);
        opened.Add(network);
        return network;
    }

    /// <inheritdoc />
    public IDraftHeads? Heads(MethodOptions method)
    {
        if (method is MtpOptions mtp && shelf.Folder(mtp.Module).Manifest.Files.ContainsKey("module"))
        {
            return null;
        }

        var heads = shelf.Heads(((method as MedusaOptions)?.Heads ?? (method as MtpOptions)?.Module)!);
        CheckVocabulary(heads.VocabularySize, heads.File);
        return heads;
    }

    /// <inheritdoc />
    public SuffixArray Datastore(RetrievalMethodOptions method) => shelf.Datastore(method.Datastore);

    /// <inheritdoc />
    public TreeShape MeasuredTree(MethodOptions method) => method switch
    {
        DraftTreeOptions { VerifyTime: { } verify } o => SequoiaTree.Cheapest(o.RankAcceptance ?? DefaultAcceptance, [.. verify.Take(o.Nodes)], o.DraftTime, o.Depth).Shape,
        DraftTreeOptions o => SequoiaTree.Search(o.RankAcceptance ?? DefaultAcceptance, Math.Min(o.Nodes, Largest((o.RankAcceptance ?? DefaultAcceptance).Count, o.Depth)), o.Depth).Shape,
        MedusaOptions o => AccuracyTree.Build(
            [
                .. List(shelf, o.Heads, "head_accuracy", "a list a head: share of places whose token is among the best 1, 2, ...")
                    .Select(head => (IReadOnlyList<double>)[.. OfEachRank([.. head.EnumerateArray().Select(x => x.GetDouble())])]),
            ],
            o.Nodes),
        _ => throw new ArgumentOutOfRangeException(nameof(method), method.Type, "This method has no measured tree."),
    };

    /// <inheritdoc />
    public void Dispose() => opened.ForEach(network => network.Dispose());

    /// <summary>Nodes of the fullest tree with so many children a node, the root included; cut at what a round may verify.</summary>
    private static int Largest(int children, int depth)
    {
        const int Most = 256;
        var (nodes, level) = (1, 1);
        for (var d = 0; d < depth && nodes < Most; d++)
        {
            level = Math.Min(Most, level * children);
            nodes += level;
        }

        return nodes;
    }

    /// <summary>Share of each rank alone, from the shares of the best 1, 2, ...</summary>
    private static IEnumerable<double> OfEachRank(double[] cumulative) =>
        cumulative.Select((share, rank) => rank == 0 ? share : Math.Max(0, share - cumulative[rank - 1]));

    private static JsonElement.ArrayEnumerator List(LanguageShelf shelf, string model, string field, string expected)
    {
        var folder = shelf.Folder(model);
        return folder.Manifest.Extra(field) is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray()
            : throw new ModelContractException(folder.PathOf(ModelManifest.FileName), field, expected, "nothing", "State it in the manifest");
    }

    private void CheckVocabulary(int size, string file)
    {
        if (size != vocabularySize)
        {
            throw new ModelContractException(file, "logits", $"a vocabulary of {vocabularySize}, the target's", $"{size}", "Draft with a model that shares the target's tokenizer");
        }
    }
}
