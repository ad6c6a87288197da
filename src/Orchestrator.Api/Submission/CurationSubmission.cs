using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Submission;

/// <summary>A document measured against this server: what it would read and write, or every mistake in it.</summary>
/// <param name="Draft">The job that it would become, paths absolute; null where the document has mistakes of its own.</param>
/// <param name="Errors">Mistakes of the document and of what it points at; empty where it may run.</param>
/// <param name="Shards">Input shards in order.</param>
/// <param name="Bytes">Their size in all.</param>
/// <param name="Preview">What a selection would keep; null where it was not asked for or is not known.</param>
public sealed record CurationSubmission(
    JobDraft? Draft, IReadOnlyList<DocumentError> Errors, IReadOnlyList<ShardFile> Shards, long Bytes, SelectionPreview? Preview = null)
    : ISubmission
{
    /// <inheritdoc />
    public string Kind => Draft?.Kind ?? CurationDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases => JobDraft.PhasesOf(Kind);

    /// <inheritdoc />
    public string? Name => Draft?.Name;

    /// <inheritdoc />
    public string? Tenant => Draft?.Tenant;

    /// <inheritdoc />
    public string? DocumentHash => Draft?.DocumentHash;

    /// <inheritdoc />
    public int ShardCount => Shards.Count;

    /// <inheritdoc />
    public IReadOnlyList<string> Models => Draft?.Models ?? [];

    /// <inheritdoc />
    public string? Output => Draft?.Output;

    /// <inheritdoc />
    public NewJob ToJob(string? idempotencyKey)
    {
        if (Draft is null || Errors.Count > 0)
        {
            throw new InvalidOperationException("A document with mistakes cannot become a job.");
        }

        return new NewJob(
            JobId.Create(Draft.IdPrefix), Draft.Kind, Draft.Name, Draft.Tenant, Draft.Priority, Draft.Document, Draft.DocumentHash, Draft.Output, idempotencyKey,
            Draft.Models, Draft.Kind == CurationDocument.Kind ? [CurationPlan.Score] : [], JobDraft.PhasesOf(Draft.Kind)[0], Draft.Shards);
    }
}

/// <summary>A job before it has an id.</summary>
/// <param name="Kind">The document's kind.</param>
/// <param name="Name">Name for people.</param>
/// <param name="Tenant">Tenant that pays.</param>
/// <param name="Priority">1 to 5.</param>
/// <param name="Document">Canonical JSON.</param>
/// <param name="DocumentHash">Lower-case hex sha256 of the canonical form before paths were made absolute.</param>
/// <param name="Output">The output folder.</param>
/// <param name="Models">Models that score.</param>
/// <param name="Shards">Shards of the first phase; empty until the document is measured.</param>
public sealed record JobDraft(
    string Kind, string Name, string Tenant, int Priority, string Document, string DocumentHash, string Output, IReadOnlyList<string> Models, IReadOnlyList<ShardSpec> Shards)
{
    private static readonly IReadOnlyList<string> CurationPhases = new CurationPlan().Phases;
    private static readonly IReadOnlyList<string> SelectionPhases = new SelectionPlan().Phases;

    /// <summary>Prefix of the job's id.</summary>
    public string IdPrefix => Kind == SelectionDocument.Kind ? "sel" : "cur";

    /// <summary>Phases of a kind, in order.</summary>
    public static IReadOnlyList<string> PhasesOf(string kind) => kind == SelectionDocument.Kind ? SelectionPhases : CurationPhases;
}
