using System.Security.Cryptography;
using System.Text;
using Orchestrator.Data.Formats;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Curation.Synsets;
using Orchestrator.Inference;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>A stage that judges without a model.</summary>
/// <param name="Options">Its options.</param>
/// <param name="FirstSignal">Index of its first signal.</param>
/// <param name="Language">Label of a text; null where no language is asked for.</param>
public sealed record FilterStage(BasicFilterOptions Options, int FirstSignal, Func<string, string>? Language);

/// <summary>What stages ask for beside models.</summary>
/// <param name="Language">Loads a fastText file.</param>
/// <param name="Entries">Loads a list of entries.</param>
/// <param name="Nouns">Reads the dictionary in a folder.</param>
/// <param name="Earlier">Opens the image embeddings that the job in a folder kept of the shard, made by the image half of a digest, of a dimension.</param>
public sealed record StageSources(
    Func<string, LanguageModel> Language, Func<string, EntryList> Entries, Func<string, WordNetNouns> Nouns, Func<string, string, int, EarlierEmbeddings> Earlier);

/// <summary>
/// A document's stages bound to models. Stages without a model run first whatever their place in the document: a verdict of
/// theirs does not depend on scores, and what they reject need not be scored. Disposing closes earlier embeddings, not models.
/// </summary>
public sealed class ScoringPlan : IDisposable
{
    private readonly List<FilterStage> _filters = [];
    private readonly List<IModelStage> _models = [];
    private readonly List<ImageTensor> _tensors = [];
    private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);

    private ScoringPlan(CurationDocument document)
    {
        (Signals, Tags) = (document.Signals, document.Tags);
        Entries = TagIndex(BalanceOptions.EntriesTag);
        Labels = TagIndex(SynsetLabelsOptions.LabelsTag);
        (Sha256, Phash) = (TagIndex(DedupOptions.Sha256Tag), TagIndex(DedupOptions.PhashTag));
    }

    /// <summary>Score columns.</summary>
    public IReadOnlyList<string> Signals { get; }

    /// <summary>Text columns.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>Index of the text column for the sha256 of the image file; -1 where none is asked for.</summary>
    public int Sha256 { get; }

    /// <summary>Index of the text column for the DCT hash; -1 where none is asked for.</summary>
    public int Phash { get; }

    /// <summary>Index of the text column for matched entries; -1 where none is asked for.</summary>
    public int Entries { get; }

    /// <summary>Finds the entries of a caption; null where none is asked for.</summary>
    public EntryMatcher? Matcher { get; private set; }

    /// <summary>Index of the text column for synset labels; -1 where none is asked for.</summary>
    public int Labels { get; }

    /// <summary>Finds the labels of a caption; null where none is asked for.</summary>
    public SynsetLabeller? Labeller { get; private set; }

    /// <summary>Digest of each language model, list and dictionary by the field that names it.</summary>
    public IReadOnlyDictionary<string, string> Digests => _digests;

    /// <summary>True where a sample may become two samples of the output, so that its key must leave room for <see cref="OutputSamples.SyntheticSuffix"/>.</summary>
    public bool WritesSynthetic { get; private set; }

    /// <summary>Published scores; null where no stage asks for any.</summary>
    public ColumnScores? Columns { get; set; }

    /// <summary>Uids to read; null reads all.</summary>
    public UidSubset? Subset { get; set; }

    /// <summary>Stages without a model.</summary>
    public IReadOnlyList<FilterStage> Filters => _filters;

    /// <summary>Stages with models.</summary>
    public IReadOnlyList<IModelStage> Models => _models;

    /// <summary>What images are made into: one per distinct contract among the models, and one for each mask.</summary>
    public IReadOnlyList<ImageTensor> Tensors => _tensors;

    /// <summary>True where a stage takes earlier embeddings.</summary>
    public bool Reuses => _models.Exists(m => m.Earlier is not null);

    /// <summary>Binds the stages of a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="models">Models by name.</param>
    /// <param name="sources">What they ask for beside models.</param>
    /// <exception cref="ModelContractException">A model or language file does not hold what it must.</exception>
    /// <exception cref="InvalidDataException">A file, dictionary or earlier job does not hold what it must.</exception>
    public static ScoringPlan Bind(CurationDocument document, IScoringModels models, StageSources sources)
    {
        var plan = new ScoringPlan(document);
        var compared = document.Stages.Select(s => s.NeedsEmbeddings).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var signal = 0;
        foreach (var stage in document.Stages)
        {
            switch (stage)
            {
                case BasicFilterOptions filter:
                    var language = filter.Language != BasicFilterOptions.AnyLanguage ? sources.Language(filter.LanguageModel!) : null;
                    plan._filters.Add(new FilterStage(filter, signal, language?.Label));
                    plan.Name($"{BasicFilterOptions.TypeName}.languageModel", language?.Digest);
                    break;
                case PairScoreOptions pair:
                    plan._models.Add(plan.Bind(pair, signal, models, compared.Contains(pair.As), sources));
                    break;
                case CapFiltOptions capFilt:
                    plan._models.Add(plan.Bind(capFilt, signal, models.GetCaptioner(capFilt.Captioner), models.GetMatcher(capFilt.Filter), document.Seed));
                    plan.WritesSynthetic = true;
                    break;
                case BalanceOptions balance:
                    var entries = sources.Entries(balance.Entries);
                    plan.Matcher = entries.Matcher;
                    plan.Name($"{BalanceOptions.TypeName}.entries", entries.Digest);
                    break;
                case SynsetLabelsOptions labels:
                    var dictionary = sources.Nouns(labels.Dictionary);
                    plan.Labeller = new SynsetLabeller(dictionary, labels.Synonyms);
                    plan.Name($"{SynsetLabelsOptions.TypeName}.dictionary", dictionary.Digest);
                    break;
                case ColumnsOptions:
                    // Looked up with the sample at hand; see Columns.
                    break;
                case DedupOptions or ImageClusterFilterOptions:
                    // Hashes and embeddings are made with the image at hand; what follows from them is found over the whole pool.
                    break;
                default:
                    throw new InvalidOperationException($"No executor for stage '{stage.Type}'.");
            }

            signal += stage.Signals.Count;
        }

        return plan;
    }

    /// <inheritdoc />
    public void Dispose() => _models.ForEach(m => m.Earlier?.Dispose());

    private void Name(string field, string? digest)
    {
        if (digest is not null)
        {
            _digests[field] = digest;
        }
    }

    private PairStage Bind(PairScoreOptions options, int signal, IScoringModels models, bool compared, StageSources sources)
    {
        var encoder = models.GetPairEncoder(options.Model);
        if (encoder.Kind != options.ModelKind)
        {
            throw new ModelContractException(
                options.Model, "kind", options.ModelKind, encoder.Kind, encoder.Kind == SiglipScoreOptions.Kind ? $"Use {SiglipScoreOptions.TypeName} for it" : $"Use {ClipScoreOptions.TypeName} for it");
        }

        var masked = options as TextMaskedScoreOptions;
        var detector = masked is null ? null : models.GetTextDetector(masked.Detector);
        var kept = options.KeepEmbeddings || compared
            ? new KeptEmbeddings(options.As, encoder.Dimension, options.KeepEmbeddings, detector is null ? encoder.ImageDigest : MaskedDigest(masked!, encoder, detector))
            : null;
        return new PairStage(
            options,
            signal,
            encoder,
            detector is null ? TensorOf(encoder) : AddTensor(encoder, new TextMask(masked!, detector, signal + 1)),
            options is SiglipScoreOptions ? encoder.GetLogits() : null,
            kept,
            options.EmbeddingsFrom is { } folder ? sources.Earlier(folder, encoder.ImageDigest, encoder.Dimension) : null,
            detector is null ? null : new BoundModel(masked!.Detector, detector));
    }

    // Embeddings of masked pictures must never stand for those of the pictures themselves.
    private static string MaskedDigest(TextMaskedScoreOptions options, IPairEncoder encoder, ITextDetector detector) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{options.Type}\n{encoder.ImageDigest}\n{detector.Digest}\n{options.ToJson()["threshold"]}\n{options.ToJson()["grow"]}\n{options.MinSide}")));

    private CapFiltStage Bind(CapFiltOptions options, int signal, IImageCaptioner captioner, ICaptionMatcher filter, long seed) => new(
        options, signal, TagIndex(CapFiltOptions.CaptionTag), TagIndex(CapFiltOptions.TextsTag), captioner, TensorOf(captioner), filter, TensorOf(filter), seed);

    private int TensorOf(IScoringModel model)
    {
        var tensor = _tensors.FindIndex(t => t.Mask is null && t.Preprocessor.Contract == model.Contract);
        return tensor < 0 ? AddTensor(model, null) : tensor;
    }

    private int AddTensor(IScoringModel model, TextMask? mask)
    {
        _tensors.Add(new ImageTensor(new ImagePreprocessor(model.Contract), mask));
        return _tensors.Count - 1;
    }

    private int TagIndex(string tag) => Tags.ToList().IndexOf(tag);
}
