using Orchestrator.Data.Formats;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>A stage that judges without a model.</summary>
/// <param name="Options">Its options.</param>
/// <param name="FirstSignal">Index of its first signal.</param>
/// <param name="Language">Label of a text; null where no language is asked for.</param>
public sealed record FilterStage(BasicFilterOptions Options, int FirstSignal, Func<string, string>? Language);

/// <summary>
/// A document's stages bound to models. Stages without a model run first whatever their place in the document: a verdict of
/// theirs does not depend on scores, and what they reject need not be scored.
/// </summary>
public sealed class ScoringPlan
{
    private readonly List<FilterStage> _filters = [];
    private readonly List<IModelStage> _models = [];
    private readonly List<ImagePreprocessor> _preprocessors = [];

    private ScoringPlan(CurationDocument document)
    {
        (Signals, Tags) = (document.Signals, document.Tags);
        Entries = TagIndex(BalanceOptions.EntriesTag);
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

    /// <summary>One per distinct contract among the models; images are made into these tensors.</summary>
    public IReadOnlyList<ImagePreprocessor> Preprocessors => _preprocessors;

    /// <summary>Binds the stages of a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="models">Models by name.</param>
    /// <param name="language">Makes the language labeller of a fastText file.</param>
    /// <param name="entries">Makes the matcher of a list of entries.</param>
    /// <exception cref="ModelContractException">A model or language file does not hold what it must.</exception>
    public static ScoringPlan Bind(CurationDocument document, IScoringModels models, Func<string, Func<string, string>> language, Func<string, EntryMatcher> entries)
    {
        var plan = new ScoringPlan(document);
        var compared = document.Stages.OfType<DedupOptions>().Select(d => d.From).ToHashSet(StringComparer.Ordinal);
        var signal = 0;
        foreach (var stage in document.Stages)
        {
            switch (stage)
            {
                case BasicFilterOptions filter:
                    var asks = filter.Language != BasicFilterOptions.AnyLanguage;
                    plan._filters.Add(new FilterStage(filter, signal, asks ? language(filter.LanguageModel!) : null));
                    break;
                case PairScoreOptions pair:
                    plan._models.Add(plan.Bind(pair, signal, models.GetPairEncoder(pair.Model), compared.Contains(pair.As)));
                    break;
                case CapFiltOptions capFilt:
                    plan._models.Add(plan.Bind(capFilt, signal, models.GetCaptioner(capFilt.Captioner), models.GetMatcher(capFilt.Filter), document.Seed));
                    plan.WritesSynthetic = true;
                    break;
                case BalanceOptions balance:
                    plan.Matcher = entries(balance.Entries);
                    break;
                case ColumnsOptions:
                    // Looked up with the sample at hand; see Columns.
                    break;
                case DedupOptions:
                    // Its hashes are made with the image at hand; who stands for whom is found over the whole pool.
                    break;
                default:
                    throw new InvalidOperationException($"No executor for stage '{stage.Type}'.");
            }

            signal += stage.Signals.Count;
        }

        return plan;
    }

    private PairStage Bind(PairScoreOptions options, int signal, IPairEncoder encoder, bool compared)
    {
        if (encoder.Kind != options.ModelKind)
        {
            throw new ModelContractException(
                options.Model, "kind", options.ModelKind, encoder.Kind, encoder.Kind == SiglipScoreOptions.Kind ? $"Use {SiglipScoreOptions.TypeName} for it" : $"Use {ClipScoreOptions.TypeName} for it");
        }

        var kept = options.KeepEmbeddings || compared ? new KeptEmbeddings(options.As, encoder.Dimension, options.KeepEmbeddings) : null;
        return new PairStage(options, signal, encoder, TensorOf(encoder), options is SiglipScoreOptions ? encoder.GetLogits() : null, kept);
    }

    private CapFiltStage Bind(CapFiltOptions options, int signal, IImageCaptioner captioner, ICaptionMatcher filter, long seed) => new(
        options, signal, TagIndex(CapFiltOptions.CaptionTag), TagIndex(CapFiltOptions.TextsTag), captioner, TensorOf(captioner), filter, TensorOf(filter), seed);

    private int TensorOf(IScoringModel model)
    {
        var tensor = _preprocessors.FindIndex(p => p.Contract == model.Contract);
        if (tensor < 0)
        {
            tensor = _preprocessors.Count;
            _preprocessors.Add(new ImagePreprocessor(model.Contract));
        }

        return tensor;
    }

    private int TagIndex(string tag) => Tags.ToList().IndexOf(tag);
}
