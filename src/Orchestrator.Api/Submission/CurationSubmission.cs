using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>A curation document measured against this server: what it would read and write, or every mistake in it.</summary>
/// <param name="Document">The document with absolute paths; null where it has mistakes of its own.</param>
/// <param name="DocumentHash">Lower-case hex sha256 of its canonical form before paths were made absolute; null as above.</param>
/// <param name="Errors">Mistakes of the document and of what it points at; empty where it may run.</param>
/// <param name="Shards">Input shards in order.</param>
/// <param name="Bytes">Their size in all.</param>
public sealed record CurationSubmission(
    CurationDocument? Document, string? DocumentHash, IReadOnlyList<DocumentError> Errors, IReadOnlyList<ShardFile> Shards, long Bytes)
{
    /// <summary>Prefix of ids of curation jobs.</summary>
    public const string IdPrefix = "cur";

    /// <summary>Phases in order.</summary>
    public static IReadOnlyList<string> Phases { get; } = new CurationPlan().Phases;

    /// <summary>The job to be stored.</summary>
    /// <exception cref="InvalidOperationException">The document has mistakes.</exception>
    public NewJob ToJob(JobId id, string? idempotencyKey)
    {
        if (Document is null || DocumentHash is null || Errors.Count > 0)
        {
            throw new InvalidOperationException("A document with mistakes cannot become a job.");
        }

        return new NewJob(
            id,
            CurationDocument.Kind,
            Document.Name,
            Document.Tenant,
            Document.Priority,
            CurationParser.ToJson(Document).ToJsonString(),
            DocumentHash,
            Document.Output.Path,
            idempotencyKey,
            Document.Models,
            [CurationPlan.Score],
            CurationPlan.Score,
            [.. Shards.Select((shard, i) => new ShardSpec(i, InputShardPayload.ToJson(shard)))]);
    }
}
