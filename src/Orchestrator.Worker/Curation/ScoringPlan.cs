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
public sealed record ModelStage(ClipScoreOptions Options, int Signal, IPairEncoder Encoder, int Tensor);

/// <summary>
/// A document's stages bound to models. Stages without a model run first whatever their place in the document: a verdict of
/// theirs does not depend on scores, and what they reject need not be scored.
/// </summary>
public sealed class ScoringPlan
{
    private ScoringPlan(
        IReadOnlyList<string> signals, IReadOnlyList<FilterStage> filters, IReadOnlyList<ModelStage> models, IReadOnlyList<ImagePreprocessor> preprocessors) =>
        (Signals, Filters, Models, Preprocessors) = (signals, filters, models, preprocessors);

    /// <summary>Score columns.</summary>
    public IReadOnlyList<string> Signals { get; }

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
    /// <exception cref="Orchestrator.Inference.ModelContractException">A model or language file does not hold what it must.</exception>
    public static ScoringPlan Bind(CurationDocument document, IScoringModels models, Func<string, Func<string, string>> language)
    {
        var filters = new List<FilterStage>();
        var scoring = new List<ModelStage>();
        var preprocessors = new List<ImagePreprocessor>();
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

                    scoring.Add(new ModelStage(clip, signal, encoder, tensor));
                    break;
                default:
                    throw new InvalidOperationException($"No executor for stage '{stage.Type}'.");
            }

            signal += stage.Signals.Count;
        }

        return new ScoringPlan(document.Signals, filters, scoring, preprocessors);
    }
}
