using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Everything the report shows. Holds no time and no host.</summary>
/// <param name="Job">The job.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="Counts">Final counts by name.</param>
/// <param name="Models">Digest of each model.</param>
/// <param name="Versions">Versions of what wrote the report, by name.</param>
/// <param name="Overlap">How the rules of <c>select</c> overlap; null where there are more than <see cref="SelectionPreview.MaxLeaves"/>.</param>
/// <param name="Scores">Distribution of each score.</param>
/// <param name="Galleries">Pictures.</param>
/// <param name="Quarantine">The first lines of <c>quarantine.jsonl</c>.</param>
internal sealed record ReportFacts(
    CurationJob Job,
    CurationDecision Decision,
    IReadOnlyDictionary<string, long> Counts,
    IReadOnlyDictionary<string, string> Models,
    IReadOnlyList<KeyValuePair<string, string>> Versions,
    SelectionPreview? Overlap,
    IReadOnlyList<ScoreDistribution> Scores,
    IReadOnlyList<Gallery> Galleries,
    IReadOnlyList<QuarantineRecord> Quarantine);

/// <summary>A row of pictures.</summary>
/// <param name="Signal">Score that orders it; null for duplicates.</param>
/// <param name="Kind">What it shows.</param>
/// <param name="Cards">The samples, in order.</param>
internal sealed record Gallery(string? Signal, GalleryKind Kind, IReadOnlyList<GalleryCard> Cards);

/// <summary>A sample in a gallery.</summary>
/// <param name="Row">Its final row.</param>
/// <param name="Picture">A small JPEG; null where the image cannot be read.</param>
internal sealed record GalleryCard(ScoreRow Row, byte[]? Picture);

/// <summary>What a gallery shows.</summary>
internal enum GalleryKind
{
    /// <summary>Kept samples with the highest scores.</summary>
    Best,

    /// <summary>Kept samples with the lowest scores.</summary>
    JustKept,

    /// <summary>Samples that <c>select</c> rejected with the highest scores below the cut.</summary>
    JustRejected,

    /// <summary>Samples with the lowest scores of all.</summary>
    Worst,

    /// <summary>Samples that another one stands for.</summary>
    Duplicates,
}
