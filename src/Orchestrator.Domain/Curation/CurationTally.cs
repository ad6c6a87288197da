namespace Orchestrator.Domain.Curation;

/// <summary>Names of the counts that curation shards report; summed over a phase they are the job's figures.</summary>
public static class CurationTally
{
    /// <summary>Samples found in input shards. Each ends in exactly one of the states below.</summary>
    public const string Read = "read";

    /// <summary>Samples in the output.</summary>
    public const string Kept = "kept";

    /// <summary>Samples that a stage or <c>select</c> rejected; also counted under <see cref="RejectedBy"/>.</summary>
    public const string Rejected = "rejected";

    /// <summary>Samples left out because another one like it is kept.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>Samples that could not be judged; each has a line in <c>quarantine.jsonl</c>.</summary>
    public const string Quarantined = "quarantined";

    /// <summary>Samples that passed every stage, before <c>select</c>. Only between the phases.</summary>
    public const string Candidates = "candidates";

    /// <summary>Input shards of which only a part could be read.</summary>
    public const string DamagedShards = "damagedShards";

    /// <summary>Input shards that could not be scored at all; their samples are not in <see cref="Read"/>.</summary>
    public const string FailedShards = "failedShards";

    /// <summary>Rows of img2dataset's tables: what it was asked to download. <see cref="Read"/> + <see cref="OutsideSubset"/> - <see cref="Unlisted"/> + <see cref="NotDownloaded"/>.</summary>
    public const string Listed = "listed";

    /// <summary>
    /// Rows of img2dataset's tables that have no sample in the tar; each has a line in <c>quarantine.jsonl</c>. A sample is what
    /// was downloaded, so they are not in <see cref="Read"/>, and shares such as <c>topFraction</c> are not taken of them.
    /// </summary>
    public const string NotDownloaded = "notDownloaded";

    /// <summary>Samples in img2dataset's tars that its tables do not list; they are read like others.</summary>
    public const string Unlisted = "unlisted";

    /// <summary>Samples passed over because <c>input.subset</c> does not name them; they are not in <see cref="Read"/>.</summary>
    public const string OutsideSubset = "outsideSubset";

    /// <summary>Bytes of the images read.</summary>
    public const string ImageBytes = "imageBytes";

    /// <summary>Pictures whose embedding a stage took from an earlier job.</summary>
    public static string EmbeddingsReused(string signal) => $"embeddingsReused:{signal}";

    /// <summary>Pictures that such a stage encoded, since the earlier job has none of them.</summary>
    public static string EmbeddingsComputed(string signal) => $"embeddingsComputed:{signal}";

    /// <summary>Count of samples rejected for <paramref name="reason"/>.</summary>
    public static string RejectedBy(string reason) => $"rejected:{reason}";

    /// <summary>Count of texts of kept samples by <paramref name="origin"/>, <c>web</c> or <c>synthetic</c>; only in jobs with <c>capfilt</c>.</summary>
    public static string Captions(string origin) => $"captions:{origin}";

    /// <summary>Count of rows not downloaded by <paramref name="status"/>: img2dataset's own, <c>missing-from-tar</c> or <c>unrecorded</c>.</summary>
    public static string NotDownloadedBy(string status) => $"notDownloaded:{status}";

    /// <summary>True for counts of what is beside the samples read.</summary>
    public static bool IsBeside(string name) =>
        name is Listed or NotDownloaded or Unlisted or OutsideSubset || name.StartsWith(NotDownloadedBy(""), StringComparison.Ordinal);

    /// <summary>Count of samples quarantined for <paramref name="reason"/>.</summary>
    public static string QuarantinedBy(string reason) => $"quarantined:{reason}";
}
