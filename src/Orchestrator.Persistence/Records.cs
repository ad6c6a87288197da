using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>A job to be stored together with the shards of its first phase, in one transaction.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">Document kind, for example <c>curation</c>.</param>
/// <param name="Name">Name from the document.</param>
/// <param name="Tenant">Tenant that pays.</param>
/// <param name="Priority">1 (low) to 5 (high).</param>
/// <param name="Document">Canonical document, JSON.</param>
/// <param name="DocumentHash">Lower-case hex sha256 of the posted document after canonicalisation.</param>
/// <param name="OutputKey">What the job writes to, normalised; at most one job that is not terminal may hold a key. Null claims nothing.</param>
/// <param name="IdempotencyKey">The client's key, unique in its tenant; null for none.</param>
/// <param name="RequiredModels">Model names a worker must have to be given this job's shards of <see cref="ModelPhases"/>.</param>
/// <param name="ModelPhases">Phases whose shards need the models.</param>
/// <param name="FirstPhase">Name of the first phase.</param>
/// <param name="Shards">Its shards.</param>
/// <param name="Trace">W3C traceparent of the span that submits it; null where nobody traces.</param>
/// <param name="QueueLimit">Most queued shards that its tenant may have with this job; null for any number.</param>
public sealed record NewJob(
    JobId Id,
    string Kind,
    string Name,
    string Tenant,
    int Priority,
    string Document,
    string DocumentHash,
    string? OutputKey,
    string? IdempotencyKey,
    IReadOnlyList<string> RequiredModels,
    IReadOnlyList<string> ModelPhases,
    string FirstPhase,
    IReadOnlyList<ShardSpec> Shards,
    string? Trace = null,
    int? QueueLimit = null);

/// <summary>How <see cref="IJobStore.CreateJobAsync"/> ended.</summary>
public enum CreateJobStatus
{
    /// <summary>Stored.</summary>
    Created,

    /// <summary>The same idempotency key and document were stored before; that job is returned.</summary>
    AlreadyCreated,

    /// <summary>The idempotency key was used for another document; that job is returned.</summary>
    IdempotencyConflict,

    /// <summary>A job that is not terminal writes to the same output; that job is returned.</summary>
    OutputClaimed,
}

/// <summary>Result of <see cref="IJobStore.CreateJobAsync"/>.</summary>
public sealed record CreateJobResult(CreateJobStatus Status, JobRecord Job);

/// <summary>A stored job. <paramref name="Version"/> rises with each change and is what compare-and-set compares; <paramref name="Trace"/> is as submitted.</summary>
public sealed record JobRecord(
    JobId Id,
    string Kind,
    string Name,
    string Tenant,
    int Priority,
    JobState State,
    string Phase,
    string Document,
    string DocumentHash,
    string? OutputKey,
    IReadOnlyList<string> RequiredModels,
    IReadOnlyList<string> ModelPhases,
    string? Error,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    long Version,
    string? Trace = null);

/// <summary>Filter and page of <see cref="IJobStore.ListJobsAsync"/>; newest first.</summary>
/// <param name="Before">Cursor: only jobs stored before this one (exclusive); null for the first page.</param>
public sealed record JobQuery(
    string? Kind = null, JobState? State = null, string? Tenant = null, JobId? Before = null, int Limit = 50);

/// <summary>A change to a job, applied only where the stored version is still <paramref name="ExpectedVersion"/>.</summary>
/// <param name="Error">Replaces the error; null clears it.</param>
/// <param name="Events">Appended in the same transaction.</param>
public sealed record JobChange(
    JobId Id, long ExpectedVersion, JobState State, string? Error, IReadOnlyList<NewJobEvent> Events);

/// <summary>An event to be appended; the store gives it the job's next sequence number.</summary>
/// <param name="Type">Dotted lower-case name, for example <c>job.state</c>, <c>phase.started</c>, <c>shard.failed</c>, <c>progress</c>.</param>
/// <param name="Data">JSON object.</param>
public sealed record NewJobEvent(string Type, string Data);

/// <summary>A stored event. <paramref name="Seq"/> counts from 1 without gaps within a job.</summary>
public sealed record JobEvent(long Seq, DateTimeOffset At, string Type, string Data);

/// <summary>Which events of <see cref="IJobStore.ReadLatestEventsAsync"/>.</summary>
/// <param name="Only">Type of the events wanted; null for all.</param>
/// <param name="Except">Type of the events not wanted; null for none.</param>
public readonly record struct EventFilter(string? Only = null, string? Except = null);

/// <summary>A shard as the ledger needs it: no payload, no output.</summary>
public sealed record ShardRow(
    int Index, ShardState State, int Attempt, string? OwnerSilo, string? OwnerWorker, DateTimeOffset? ReadyAt, int Failures, int WorkerDeaths);

/// <summary>A shard as users see it.</summary>
public sealed record ShardRecord(
    ShardKey Key, ShardState State, int Attempt, string? OwnerWorker, DateTimeOffset? ReadyAt, int Failures, int WorkerDeaths,
    string Payload, string? Error, IReadOnlyDictionary<string, long>? Tally, DateTimeOffset UpdatedAt);

/// <summary>One attempt of a shard, append-only. <paramref name="Outcome"/> is null while it runs, then
/// one of <see cref="AttemptOutcomes"/>.</summary>
public sealed record AttemptRecord(
    ShardKey Key, int Attempt, string Worker, string Silo, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Outcome, string? Error, string? Digest);

/// <summary>A committed shard as later phases read it.</summary>
public sealed record CommittedShard(int Index, int Attempt, string Manifest, string Digest);

/// <summary>Grants a shard: the row must be pending with <c>Lease.Attempt - 1</c> as its attempt, and the job neither paused, cancelling nor ended.</summary>
public sealed record LeaseGrant(LeaseKey Lease, string Worker, string Silo);

/// <summary>A finished attempt.</summary>
public sealed record Completion(LeaseKey Lease, ShardOutput Output);

/// <summary>
/// Takes a leased shard away from its attempt: back to the queue, or to a terminal state. <paramref name="Outcome"/>
/// is what the attempt history records.
/// </summary>
/// <param name="NewState">Pending, Failed or Quarantined.</param>
/// <param name="ReadyAt">Not leased again before this time; null for at once.</param>
/// <param name="AddFailures">Added to the shard's counted failures.</param>
/// <param name="AddWorkerDeaths">Added to the shard's worker deaths.</param>
public sealed record Withdrawal(
    LeaseKey Lease, ShardState NewState, string Outcome, string? Error, DateTimeOffset? ReadyAt, int AddFailures, int AddWorkerDeaths);

/// <summary>Everything one exchange wants written. Applied in this order, in one transaction: completions, withdrawals, grants.</summary>
public sealed record ShardBatch(
    IReadOnlyList<Completion> Completions, IReadOnlyList<Withdrawal> Withdrawals, IReadOnlyList<LeaseGrant> Grants)
{
    /// <summary>True where there is nothing to write.</summary>
    public bool IsEmpty => Completions.Count == 0 && Withdrawals.Count == 0 && Grants.Count == 0;
}

/// <summary>What became of a completion.</summary>
public enum CompletionVerdict
{
    /// <summary>Committed now.</summary>
    Committed,

    /// <summary>Committed before by the same attempt with the same digest: a repeated call.</summary>
    AlreadyCommitted,

    /// <summary>Refused: the attempt is not the current one, or no longer leased, or the job is cancelling or ended. Its output must be deleted.</summary>
    Fenced,
}

/// <summary>Answers, in the order of the batch's lists.</summary>
/// <param name="Completions">A verdict for each completion.</param>
/// <param name="Withdrawn">True where the withdrawal took effect; false where the attempt was no longer the leased one.</param>
/// <param name="Payloads">The shard's payload where the grant took effect; null where the row was not as expected.</param>
public sealed record ShardBatchResult(
    IReadOnlyList<CompletionVerdict> Completions, IReadOnlyList<bool> Withdrawn, IReadOnlyList<string?> Payloads);
