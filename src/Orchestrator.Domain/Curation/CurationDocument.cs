using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Domain.Curation;

/// <summary>A curation job as posted, checked, with defaults filled in. Immutable.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Tenant">Tenant that pays. Default <c>default</c>.</param>
/// <param name="Priority">1 (low) to 5 (high). Default 3.</param>
/// <param name="Input">What is read.</param>
/// <param name="Stages">
/// Stages in order. Those without a model judge first, and what they reject no model sees; every model stage scores every other
/// sample, so that scores are there whatever another model stage rejects; stages over the whole pool come last.
/// </param>
/// <param name="Select">Which of the samples that passed every stage are kept; null keeps them all.</param>
/// <param name="Output">What is written.</param>
/// <param name="Limits">When the job gives up.</param>
/// <param name="Seed">Seed of every random choice. Default 1.</param>
public sealed record CurationDocument(
    string Name,
    string Tenant,
    int Priority,
    CurationInput Input,
    IReadOnlyList<StageOptions> Stages,
    SelectRule? Select,
    CurationOutput Output,
    CurationLimits Limits,
    long Seed)
{
    /// <summary>The document's <c>kind</c>.</summary>
    public const string Kind = "curation";

    /// <summary>Names of the models that score, in order of first use, without repeats.</summary>
    public IReadOnlyList<string> Models => Stages.SelectMany(s => s.Models).Distinct(StringComparer.Ordinal).ToList();

    /// <summary>Signals that stages make, in order of the stages: the score columns of every part.</summary>
    public IReadOnlyList<string> Signals => Stages.SelectMany(s => s.Signals).ToList();

    /// <summary>Text columns that stages make, without repeats, in order of first use.</summary>
    public IReadOnlyList<string> Tags => Stages.SelectMany(s => s.Tags).Distinct(StringComparer.Ordinal).ToList();
}

/// <summary>Where samples come from.</summary>
/// <param name="Shards">Paths with braces and globs, in order.</param>
/// <param name="Format"><c>webdataset</c>, or <c>img2dataset</c>: tars with the <c>.parquet</c> and <c>_stats.json</c> that img2dataset wrote beside them.</param>
/// <param name="Subset">Path of a sorted DataComp <c>.npy</c> ("u8,u8"): only samples with these uids are read, others are counted. Null reads all.</param>
public sealed record CurationInput(IReadOnlyList<string> Shards, string Format, string? Subset = null)
{
    /// <summary>Tars alone.</summary>
    public const string WebDataset = "webdataset";

    /// <summary>What img2dataset wrote.</summary>
    public const string Img2Dataset = "img2dataset";
}

/// <summary>Where the result goes.</summary>
/// <param name="Path">Folder; must not exist, or be empty.</param>
/// <param name="SamplesPerShard">Samples in each output tar but the last, 1 to 1,000,000. Default 1,000.</param>
public sealed record CurationOutput(string Path, int SamplesPerShard);

/// <summary>When the job gives up.</summary>
/// <param name="MaxFailedShards">The job fails where more input shards than this fail; null for no limit. The job fails in any case where none succeeds.</param>
/// <param name="Parallelism">Shards of the job that run at a time; null for as many as there are slots.</param>
public sealed record CurationLimits(int? MaxFailedShards, int? Parallelism = null);
