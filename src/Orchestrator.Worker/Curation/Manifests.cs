using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Domain.Curation.Selection;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Curation;

/// <summary>Payload of a <c>score</c> shard.</summary>
/// <param name="Path">Absolute path or address of the tar.</param>
/// <param name="Name">The path as the document names it; what score columns and reports show.</param>
/// <param name="Version">Version of the object when the job was planned; null for a file of a disk.</param>
public sealed record ScorePayload(string Path, string Name, string? Version = null);

/// <summary>Payload of a <c>write</c> shard.</summary>
/// <param name="Kind"><c>tar</c> or <c>part</c>.</param>
/// <param name="Index">Number of the output tar, or position in the plan's parts.</param>
public sealed record WritePayload(string Kind, int Index);

/// <summary>Payload of the <c>publish</c> shard.</summary>
/// <param name="FailedShards">Input shards that were not scored.</param>
public sealed record PublishPayload(int FailedShards);

/// <summary>A file of a committed attempt.</summary>
/// <param name="Name">Final name below the output folder; empty for files that only later phases read.</param>
/// <param name="Path">Where the attempt left it, below the output folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its digest, lower-case hex.</param>
public sealed record AttemptFile(string Name, string Path, long Bytes, string Sha256);

/// <summary>Damage of an input shard.</summary>
public sealed record DamageNote(string Kind, long Offset, string Message);

/// <summary>Image embeddings of a shard, float16 [rows of its score part, dimension].</summary>
/// <param name="Signal">Signal of the stage that made them.</param>
/// <param name="Images">Digest of what made them of a picture.</param>
/// <param name="File">The file; its final name is empty unless the document asks to keep it.</param>
public sealed record EmbeddingFile(string Signal, string Images, AttemptFile File);

/// <summary>What a committed <c>score</c> shard says.</summary>
public sealed record ScoreManifest(
    ScorePayload Source,
    long SourceBytes,
    long Rows,
    AttemptFile Scores,
    AttemptFile? Quarantine,
    IReadOnlyList<EmbeddingFile> Embeddings,
    SortedDictionary<string, string> Models,
    DamageNote? Damage,
    SortedDictionary<string, long> Tally);

/// <summary>What the committed <c>decide</c> shard says.</summary>
public sealed record DecideManifest(AttemptFile Plan);

/// <summary>What a committed <c>write</c> shard says.</summary>
/// <param name="Kind"><c>tar</c> or <c>part</c>.</param>
/// <param name="Index">As in the payload.</param>
/// <param name="Rows">Kept rows that the tar holds, or rows in the part.</param>
/// <param name="Samples">Samples in the tar, more than rows where two texts of a row are kept; rows in the part.</param>
/// <param name="Files">Files with final names.</param>
/// <param name="SampleIds">Sorted run of uids of a tar.</param>
/// <param name="Tally">Final counts of a part; empty for a tar.</param>
public sealed record WriteManifest(
    string Kind, int Index, long Rows, long Samples, IReadOnlyList<AttemptFile> Files, AttemptFile? SampleIds, SortedDictionary<string, long> Tally);

/// <summary>What the committed <c>publish</c> shard says; the first thing that <c>result</c> shows.</summary>
public sealed record PublishManifest(string Output, AttemptFile Manifest, SortedDictionary<string, long> Tally);

/// <summary>The plan that <c>decide</c> writes and <c>write</c> follows.</summary>
/// <param name="Read">Samples read in all.</param>
/// <param name="Kept">Samples kept in all.</param>
/// <param name="SamplesPerShard">Kept samples in each output tar but the last.</param>
/// <param name="OutputTars">Number of output tars.</param>
/// <param name="Leaves">The rules of <c>select</c> with their cuts.</param>
/// <param name="Dedup">What each dedup stage found, in the order of the stages.</param>
/// <param name="ImageClusters">What each image-cluster-filter stage found, likewise.</param>
/// <param name="Synsets">Vocabulary of the synset-labels stage; null where there is none.</param>
/// <param name="Parts">Score parts in input order.</param>
public sealed record CurationDecision(
    long Read,
    long Kept,
    int SamplesPerShard,
    int OutputTars,
    IReadOnlyList<DecidedLeaf> Leaves,
    IReadOnlyList<DecidedDedup> Dedup,
    IReadOnlyList<DecidedImageClusters> ImageClusters,
    AttemptFile? Synsets,
    IReadOnlyList<DecidedPart> Parts);

/// <summary>What a dedup stage found.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Compared">Candidates that it compared.</param>
/// <param name="Earlier">Samples of earlier pools that it compared them with.</param>
/// <param name="Groups">Groups of two or more.</param>
/// <param name="Duplicates">Candidates that another sample stands for.</param>
public sealed record DecidedDedup(string Method, long Compared, long Earlier, long Groups, long Duplicates);

/// <summary>What an image-cluster-filter stage found.</summary>
/// <param name="From">Signal whose embeddings it assigned.</param>
/// <param name="Clusters">Centroids.</param>
/// <param name="Matched">Centroids that are nearest to a reference image.</param>
/// <param name="Reference">Reference images.</param>
/// <param name="Compared">Candidates that it assigned.</param>
/// <param name="Rejected">Candidates of other clusters.</param>
public sealed record DecidedImageClusters(string From, int Clusters, int Matched, long Reference, long Compared, long Rejected);

/// <summary>A candidate that a stage over the whole pool spoke against; a line of a part's file, lines in the order of rows.</summary>
/// <param name="Row">Position in the score part.</param>
/// <param name="State"><c>duplicate</c> or <c>rejected</c>.</param>
/// <param name="Reason">Key of the sample that stands for it, or the reason code.</param>
/// <param name="Of">The sample that stands for it as <c>shard#row</c>.</param>
/// <param name="By">Method of the dedup stage.</param>
public sealed record PoolNote(long Row, string State, string Reason, string? Of, string? By);

/// <summary>A rule with its exact global cut.</summary>
public sealed record DecidedLeaf(string By, string Reason, SelectionCut Cut);

/// <summary>A score part and how many of its samples are kept.</summary>
/// <param name="Index">Index of its input shard.</param>
/// <param name="Source">Its input shard.</param>
/// <param name="SourceBytes">Length of the input shard when it was scored.</param>
/// <param name="Rows">Samples read.</param>
/// <param name="Kept">Samples kept.</param>
/// <param name="KeyBefore">Key of the last kept sample of earlier parts; null where there is none.</param>
/// <param name="Scores">The part as scored.</param>
/// <param name="Quarantine">Its quarantine lines; a selection has those of all parts with the first.</param>
/// <param name="Embeddings">Its image embeddings.</param>
/// <param name="Notes">What stages over the whole pool said, one <see cref="PoolNote"/> a line; null where they said nothing.</param>
/// <param name="Models">Digest of each model that scored it.</param>
/// <param name="Reuse">For each stage with embeddingsFrom, pictures whose embedding was there and pictures that were encoded, as tally names.</param>
/// <param name="Damage">Damage of the input shard.</param>
/// <param name="Beside">Counts of what the input has besides the samples read; null where there is nothing.</param>
public sealed record DecidedPart(
    int Index,
    ScorePayload Source,
    long SourceBytes,
    long Rows,
    long Kept,
    string? KeyBefore,
    AttemptFile Scores,
    AttemptFile? Quarantine,
    IReadOnlyList<EmbeddingFile> Embeddings,
    AttemptFile? Notes,
    SortedDictionary<string, string> Models,
    SortedDictionary<string, long> Reuse,
    DamageNote? Damage,
    SortedDictionary<string, long>? Beside = null);

/// <summary>Writes and reads these records; one spelling for all.</summary>
public static class CurationJson
{
    /// <summary>camelCase, no line breaks, nulls left out, enums by name.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Writes a record.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads a record.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("null where a record was expected");

    /// <summary>Wraps a manifest as a shard's output.</summary>
    public static ShardOutput ToOutput<T>(T manifest, IReadOnlyDictionary<string, long> tally)
    {
        var json = Write(manifest);
        return new ShardOutput(json, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))), tally);
    }
}
