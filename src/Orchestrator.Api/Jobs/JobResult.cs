using System.Text.Json;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Api.Jobs;

/// <summary>What came of a job. Available at any time; final where <see cref="State"/> is terminal.</summary>
/// <param name="Output">Absolute path of the output folder.</param>
/// <param name="Counts">Samples; of the committed shards so far while the job runs.</param>
/// <param name="InputShards">Input shards by how they ended.</param>
/// <param name="Timings">Phases in order.</param>
/// <param name="Models">Models with digests, from the published manifest; empty before that.</param>
/// <param name="Evaluation">Of an evaluation: its <c>result.json</c>; null before it is published and for other kinds, whose samples <paramref name="Counts"/> has.</param>
public sealed record JobResult(
    string Id,
    string Name,
    JobState State,
    string? Error,
    string? Output,
    SampleCounts Counts,
    InputShardCounts InputShards,
    IReadOnlyList<PhaseTiming> Timings,
    IReadOnlyDictionary<string, JsonElement> Models,
    JsonElement? Evaluation = null);

/// <summary>Every sample read ends in exactly one of the states.</summary>
/// <param name="Read">Samples found in the input.</param>
/// <param name="Kept">Samples in the output.</param>
/// <param name="Rejected">Samples that a rule rejected.</param>
/// <param name="Duplicate">Samples left out because another like them is kept.</param>
/// <param name="Quarantined">Samples that could not be judged.</param>
/// <param name="Undecided">Samples that await <c>select</c>; 0 at the end.</param>
/// <param name="Balanced">True where the states add up to <paramref name="Read"/>.</param>
/// <param name="RejectedBy">Rejected, by rule.</param>
/// <param name="QuarantinedBy">Quarantined, by reason.</param>
/// <param name="Captions">Texts of the kept samples, by origin; each is a sample of the output. Empty for jobs without <c>capfilt</c>.</param>
/// <param name="NotDownloaded">Rows of img2dataset's tables without a sample in the tar; not in <paramref name="Read"/>.</param>
/// <param name="NotDownloadedBy">Those, by status.</param>
/// <param name="OutsideSubset">Samples that <c>input.subset</c> does not name; not in <paramref name="Read"/>.</param>
public sealed record SampleCounts(
    long Read,
    long Kept,
    long Rejected,
    long Duplicate,
    long Quarantined,
    long Undecided,
    bool Balanced,
    IReadOnlyDictionary<string, long> RejectedBy,
    IReadOnlyDictionary<string, long> QuarantinedBy,
    IReadOnlyDictionary<string, long> Captions,
    long NotDownloaded,
    IReadOnlyDictionary<string, long> NotDownloadedBy,
    long OutsideSubset);

/// <summary>Input shards of the job.</summary>
/// <param name="Damaged">Shards of which only a part could be read.</param>
/// <param name="Problems">The damaged and failed ones, at most 1,000.</param>
public sealed record InputShardCounts(
    int Total, int Committed, int Failed, int Quarantined, long Damaged, IReadOnlyList<ShardProblem> Problems);

/// <summary>An input shard that did not go through whole. <paramref name="State"/>: damaged, failed or quarantined.</summary>
public sealed record ShardProblem(string Shard, string? Input, string State, string? Error);

/// <summary>When a phase ran; <paramref name="Seconds"/> is null while it runs.</summary>
public sealed record PhaseTiming(string Phase, int Shards, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, double? Seconds);
