using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>Options of one stage, checked. Each stage has one file: its options, how they are read, its rule.</summary>
public abstract record StageOptions
{
    /// <summary>The stage's <c>type</c> in documents.</summary>
    public abstract string Type { get; }

    /// <summary>Models that the stage runs.</summary>
    public virtual IReadOnlyList<string> Models => [];

    /// <summary>Score columns that the stage makes; unique in a document.</summary>
    public virtual IReadOnlyList<string> Signals => [];

    /// <summary>The signal that <c>select</c> may name without <c>of</c>; null for a stage that only rejects.</summary>
    public virtual string? MainSignal => null;

    /// <summary>What <c>select</c> may ask of the main signal with <c>of</c>: <see cref="PairScoreOptions.Cosine"/> is the signal itself, any other name stands for the signal <c>{main}.{name}</c>.</summary>
    public virtual IReadOnlyList<string> Readings => [];

    /// <summary>Every signal that <c>select</c> may name; <see cref="MainSignal"/> unless a stage makes several of equal rank.</summary>
    public virtual IReadOnlyList<string> MainSignals => MainSignal is { } main ? [main] : [];

    /// <summary>Text columns that the stage makes; stages may share one.</summary>
    public virtual IReadOnlyList<string> Tags => [];

    /// <summary>True for a stage whose image embeddings others may use, by its <see cref="MainSignal"/>.</summary>
    public virtual bool MakesEmbeddings => false;

    /// <summary>The signal whose stage's image embeddings this one works on; null for none.</summary>
    public virtual string? NeedsEmbeddings => null;

    /// <summary>True for a stage that judges candidates over the whole pool once every sample is scored.</summary>
    public virtual bool JudgesPool => false;

    /// <summary>Notes mistakes in what the stage says of other stages.</summary>
    /// <param name="scope">The stage's own object.</param>
    /// <param name="stages">Every stage of the document.</param>
    public virtual void CheckLinks(DocumentScope scope, IReadOnlyList<StageOptions> stages)
    {
    }

    /// <summary>The options as canonical JSON, defaults filled in.</summary>
    public abstract JsonObject ToJson();
}

/// <summary>Reads the options of one type of stage.</summary>
/// <param name="Type">The stage's <c>type</c> in documents.</param>
/// <param name="Summary">One sentence for users.</param>
/// <param name="Read">Reads the object; notes its mistakes in the scope. Must not stop at the first one.</param>
/// <param name="Models">Fields that name model folders.</param>
public sealed record StageDefinition(string Type, string Summary, Func<DocumentScope, StageOptions> Read, params IReadOnlyList<ModelField> Models);

/// <summary>A field of a stage that names a model folder.</summary>
/// <param name="Field">The field.</param>
/// <param name="Kind">Kind that the folder must have.</param>
public sealed record ModelField(string Field, string Kind);

/// <summary>The stages there are. A list, not a convention: what is not named here does not exist.</summary>
public static class StageCatalog
{
    /// <summary>Every stage.</summary>
    public static IReadOnlyList<StageDefinition> All { get; } =
    [
        new(BasicFilterOptions.TypeName, "DataComp's basic rules on the caption and the image's size.", BasicFilterOptions.Read),
        new(ClipScoreOptions.TypeName, "Cosine of image and caption under a CLIP model.", ClipScoreOptions.Read, new ModelField("model", ClipScoreOptions.Kind)),
        new(SiglipScoreOptions.TypeName, "Cosine, logit and probability of image and caption under a SigLIP model.", SiglipScoreOptions.Read, new ModelField("model", SiglipScoreOptions.Kind)),
        new(DfnScoreOptions.TypeName, "Cosine of image and caption under a data filtering network.", DfnScoreOptions.Read, new ModelField("model", ClipScoreOptions.Kind)),
        new(TextMaskedScoreOptions.TypeName, "T-MARS: the CLIP score of the picture with its text painted over.", TextMaskedScoreOptions.Read, new ModelField("model", ClipScoreOptions.Kind), new ModelField("detector", TextMaskedScoreOptions.DetectorKind)),
        new(CapFiltOptions.TypeName, "BLIP's captioning and filtering: writes a caption, keeps the captions that are true.", CapFiltOptions.Read, new ModelField("captioner", "blip-caption"), new ModelField("filter", "blip-itm")),
        new(ColumnsOptions.TypeName, "Scores that somebody else has published, taken from Parquet columns.", ColumnsOptions.Read),
        new(DedupOptions.TypeName, "Of samples that are alike keeps one: equal bytes, near DCT hashes, near embeddings.", DedupOptions.Read),
        new(ImageClusterFilterOptions.TypeName, "DataComp's image-based filter: keeps images in clusters that hold reference images.", ImageClusterFilterOptions.Read),
        new(SynsetLabelsOptions.TypeName, "CatLIP's labels: the nouns of the caption as WordNet synsets.", SynsetLabelsOptions.Read),
        new(BalanceOptions.TypeName, "MetaCLIP's balancing of captions over a list of entries.", BalanceOptions.Read),
    ];

    /// <summary>Types by name.</summary>
    public static IReadOnlyDictionary<string, StageDefinition> ByType { get; } = All.ToDictionary(d => d.Type, StringComparer.Ordinal);
}
