using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference.Images;

namespace Orchestrator.Worker.Curation;

/// <summary>A stage that judges without a model.</summary>
/// <param name="Options">Its options.</param>
/// <param name="FirstSignal">Index of its first signal.</param>
/// <param name="Language">Label of a text; null where no language is asked for.</param>
public sealed record FilterStage(BasicFilterOptions Options, int FirstSignal, Func<string, string>? Language);

/// <summary>A stage that scores with a model.</summary>
/// <param name="Options">Its options.</param>
/// <param name="Signal">Index of its signal.</param>
/// <param name="Encoder">The model.</param>
/// <param name="Tensor">Index of the preprocessing contract it shares.</param>
/// <param name="KeepsEmbeddings">Whether its image embeddings are written beside the scores.</param>
public sealed record ModelStage(ClipScoreOptions Options, int Signal, IPairEncoder Encoder, int Tensor, bool KeepsEmbeddings);

/// <summary>
/// A document's stages bound to models. Stages without a model run first whatever their place in the document: a verdict of
/// theirs does not depend on scores, and what they reject need not be scored.
/// </summary>
public sealed class ScoringPlan
{
    private ScoringPlan(
        CurationDocument document, IReadOnlyList<FilterStage> filters, IReadOnlyList<ModelStage> models, IReadOnlyList<ImagePreprocessor> preprocessors)
    {
        (Signals, Tags, Filters, Models, Preprocessors) = (document.Signals, document.Tags, filters, models, preprocessors);
        Entries = IndexOf(BalanceOptions.EntriesTag);
        (Sha256, Phash) = (IndexOf(DedupOptions.Sha256Tag), IndexOf(DedupOptions.PhashTag));

        int IndexOf(string tag) => Tags.ToList().IndexOf(tag);
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
    public EntryMatcher? Matcher { get; private init; }

    /// <summary>Stages without a model.</summary>
    public IReadOnlyList<FilterStage> Filters { get; }

    /// <summary>Stages with one.</summary>
    public IReadOnlyList<ModelStage> Models { get; }

    /// <summary>One per distinct contract among the models; images are made into these tensors.</summary>
    public IReadOnlyList<ImagePreprocessor> Preprocessors { get; }

    /// <summary>Binds the stages of a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="models">Models by name.</param>
    /// <param name="language">Makes the language labeller of a fastText file.</param>
    /// <param name="entries">Makes the matcher of a list of entries.</param>
    /// <exception cref="Orchestrator.Inference.ModelContractException">A model or language file does not hold what it must.</exception>
    public static ScoringPlan Bind(CurationDocument document, IScoringModels models, Func<string, Func<string, string>> language, Func<string, EntryMatcher> entries)
    {
        var filters = new List<FilterStage>();
        var scoring = new List<ModelStage>();
        var preprocessors = new List<ImagePreprocessor>();
        var compared = document.Stages.OfType<DedupOptions>().Select(d => d.From).ToHashSet(StringComparer.Ordinal);
        var matcher = default(EntryMatcher);
        var signal = 0;
        foreach (var stage in document.Stages)
        {
            switch (stage)
            {
                case BasicFilterOptions filter:
                    var asks = filter.Language != BasicFilterOptions.AnyLanguage;
                    filters.Add(new FilterStage(filter, signal, asks ? language(filter.LanguageModel!) : null));
                    break;
                case ClipScoreOptions clip:
                    var encoder = models.GetPairEncoder(clip.Model);
                    var tensor = preprocessors.FindIndex(p => p.Contract == encoder.Contract);
                    if (tensor < 0)
                    {
                        tensor = preprocessors.Count;
                        preprocessors.Add(new ImagePreprocessor(encoder.Contract));
                    }

                    scoring.Add(new ModelStage(clip, signal, encoder, tensor, clip.KeepEmbeddings || compared.Contains(clip.As)));
                    break;
                case BalanceOptions balance:
                    matcher = entries(balance.Entries);
                    break;
                case DedupOptions:
                    // Its hashes are made with the image at hand; who stands for whom is found over the whole pool.
                    break;
                default:
                    throw new InvalidOperationException($"No executor for stage '{stage.Type}'.");
            }

            signal += stage.Signals.Count;
        }

        return new ScoringPlan(document, filters, scoring, preprocessors) { Matcher = matcher };
    }
}
