using System.Text.Json;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>A page. <paramref name="NextCursor"/> asks for the next one; null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>A job in lists.</summary>
public sealed record JobSummary(
    string Id,
    string Kind,
    string Name,
    string Tenant,
    int Priority,
    JobState State,
    string Phase,
    string? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt)
{
    /// <summary>The row as users see it.</summary>
    public static JobSummary Of(JobRecord job) => new(
        job.Id.Value, job.Kind, job.Name, job.Tenant, job.Priority, job.State, job.Phase, job.Error, job.CreatedAt, job.UpdatedAt, job.StartedAt, job.EndedAt);
}

/// <summary>A job with its progress and its document.</summary>
/// <param name="Output">Absolute path of the output folder.</param>
/// <param name="Phases">Phases that have shards, in order.</param>
/// <param name="AllPhases">Names of all phases that the job goes through, in order.</param>
/// <param name="Document">The canonical document, paths absolute.</param>
public sealed record JobDetail(
    string Id,
    string Kind,
    string Name,
    string Tenant,
    int Priority,
    JobState State,
    string Phase,
    string? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    string? Output,
    IReadOnlyList<PhaseProgress> Phases,
    IReadOnlyList<string> AllPhases,
    JsonElement Document)
{
    /// <summary>The row and its counts as users see them.</summary>
    public static JobDetail Of(JobRecord job, IReadOnlyList<PhaseCounts> counts, IReadOnlyList<string> allPhases) => new(
        job.Id.Value, job.Kind, job.Name, job.Tenant, job.Priority, job.State, job.Phase, job.Error, job.CreatedAt, job.UpdatedAt, job.StartedAt, job.EndedAt,
        job.OutputKey, [.. counts.Select(PhaseProgress.Of)], allPhases, JsonElement.Parse(job.Document));
}

/// <summary>Shards of one phase by state.</summary>
public sealed record PhaseProgress(
    string Phase, int Total, int Pending, int Leased, int Committed, int Failed, int Quarantined, IReadOnlyDictionary<string, long> Tally)
{
    /// <summary>The counts as users see them.</summary>
    public static PhaseProgress Of(PhaseCounts c) =>
        new(c.Phase, c.Pending + c.Leased + c.Committed + c.Failed + c.Quarantined, c.Pending, c.Leased, c.Committed, c.Failed, c.Quarantined, c.Tally);
}

/// <summary>What a document would do.</summary>
/// <param name="Bytes">Size of the input.</param>
/// <param name="Output">The output folder; null where the server names one after the job.</param>
/// <param name="Selection">What a selection would keep, by rule; null for other kinds.</param>
/// <param name="Errors">Empty: a document with mistakes is answered with a problem that has the same members.</param>
public sealed record PlanView(
    string Kind, string Name, int Shards, long Bytes, IReadOnlyList<string> Models, IReadOnlyList<string> Phases, string? Output,
    Data.Scores.SelectionPreview? Selection, IReadOnlyList<Domain.Documents.DocumentError> Errors);
