using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>
/// The truth about jobs, shards, attempts and events, as SQL rows. Every method is one transaction. Safe for concurrent
/// use by any number of threads and, on PostgreSQL, processes. Times are stored in UTC and taken from the
/// <see cref="TimeProvider"/> given to the store, at millisecond resolution. Any method throws
/// <see cref="StoreUnavailableException"/> where the database cannot be reached for longer than the store's retries last.
/// Cancelling a write either takes it back before it runs or has no effect: a cancelled write was never applied.
/// </summary>
public interface IJobStore : IAsyncDisposable
{
    /// <summary>Creates or upgrades the schema. Idempotent; on PostgreSQL under an advisory lock, so any number of processes may call it at once.</summary>
    Task InitializeAsync(CancellationToken cancellationToken);

    /// <summary>Stores a job in state <see cref="JobState.Pending"/> with its first phase's shards, or says which job stands in the way.</summary>
    /// <exception cref="ArgumentException">Shards are not dense from 0 and in order.</exception>
    /// <exception cref="InvalidOperationException">The id was used before.</exception>
    /// <exception cref="QueueFullException">The tenant would have more queued shards than <see cref="NewJob.QueueLimit"/>; nothing was stored.</exception>
    Task<CreateJobResult> CreateJobAsync(NewJob job, CancellationToken cancellationToken);

    /// <summary>One job, or null.</summary>
    Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>The job that was stored under a client's key in a tenant, or null. For an answer before <see cref="CreateJobAsync"/> is possible.</summary>
    Task<JobRecord?> FindByIdempotencyKeyAsync(string tenant, string key, CancellationToken cancellationToken);

    /// <summary>A page of jobs, newest first.</summary>
    /// <exception cref="ArgumentException"><see cref="JobQuery.Before"/> names a job that is not stored (any more).</exception>
    Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellationToken);

    /// <summary>Ids of all jobs not in a terminal state, oldest first.</summary>
    Task<IReadOnlyList<JobId>> ListUnfinishedAsync(CancellationToken cancellationToken);

    /// <summary>Applies a change by compare-and-set on the version; null where the version has moved on or the job is gone.</summary>
    /// <exception cref="OutputClaimedException">The job had ended, is to run again, and another one now writes to its output.</exception>
    Task<JobRecord?> TryChangeAsync(JobChange change, CancellationToken cancellationToken);

    /// <summary>
    /// Starts a phase: sets the job's phase and state <see cref="JobState.Running"/> by compare-and-set on the version and
    /// makes its shards, all pending. Where shards of that phase exist from an earlier run of the phase they are reset and
    /// surplus ones removed; attempt numbers go on from the highest in the attempt history and never start again. Running
    /// attempts of the phase end as <c>cancelled</c>.
    /// </summary>
    /// <exception cref="OutputClaimedException">As for <see cref="TryChangeAsync"/>.</exception>
    Task<JobRecord?> TryStartPhaseAsync(
        JobId id, long expectedVersion, string phase, IReadOnlyList<ShardSpec> shards, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken);

    /// <summary>
    /// For <c>retry</c>: by compare-and-set on the version sets the job running in <paramref name="phase"/>, makes that phase's
    /// failed and quarantined shards pending with counters at zero (with <paramref name="anew"/> the committed ones too), and removes
    /// all shards of <paramref name="laterPhases"/>.
    /// </summary>
    /// <exception cref="OutputClaimedException">As for <see cref="TryChangeAsync"/>.</exception>
    Task<JobRecord?> TryRetryAsync(
        JobId id, long expectedVersion, string phase, bool anew, IReadOnlyList<string> laterPhases, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken);

    /// <summary>
    /// By compare-and-set on the version: makes committed shards pending again and takes the job back to their phase, without what
    /// was made from them. Pausing holds; a tally loses what the shards had added to it.
    /// </summary>
    Task<ReopenResult> TryReopenAsync(ReopenRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Takes every lease of the job away (attempts end as <c>cancelled</c>) so that late commits are refused; shards become pending.
    /// Returns the leases taken.
    /// </summary>
    Task<IReadOnlyList<LeaseKey>> RevokeLeasesAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>
    /// Writes an exchange. Concurrent calls are committed together (group commit), each item judged by itself: one refused
    /// item does not disturb the others. Never throws for a refused item. A job's state counts too: a paused job's shards are
    /// not granted, a cancelling or ended job's neither granted nor committed; withdrawals are always taken.
    /// </summary>
    /// <exception cref="ArgumentException">A withdrawal to a state that it cannot lead to, or a manifest that is no text.</exception>
    /// <exception cref="StoreUnavailableException">
    /// Where <see cref="StoreUnavailableException.OutcomeUnknown"/> is set, ledgers of the batch's jobs must be loaded again:
    /// a repeated call reports a grant that did take effect as refused.
    /// </exception>
    Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken);

    /// <summary>All shards of a phase as the ledger needs them, by index.</summary>
    Task<IReadOnlyList<ShardRow>> LoadLedgerAsync(JobId id, string phase, CancellationToken cancellationToken);

    /// <summary>A page of shards by index, from <paramref name="fromIndex"/> on.</summary>
    Task<IReadOnlyList<ShardRecord>> ListShardsAsync(
        JobId id, string phase, ShardState? state, int fromIndex, int limit, CancellationToken cancellationToken);

    /// <summary>The attempt history of a shard, oldest first.</summary>
    Task<IReadOnlyList<AttemptRecord>> ListAttemptsAsync(ShardKey shard, CancellationToken cancellationToken);

    /// <summary>Committed shards of a phase by index, from <paramref name="fromIndex"/> on.</summary>
    Task<IReadOnlyList<CommittedShard>> ListCommittedAsync(JobId id, string phase, int fromIndex, int limit, CancellationToken cancellationToken);

    /// <summary>Counts and summed tallies of each phase that has shards, in order of the phase's first start.</summary>
    Task<IReadOnlyList<PhaseCounts>> CountAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Appends events and returns the last sequence number.</summary>
    /// <exception cref="KeyNotFoundException">The job is not stored.</exception>
    Task<long> AppendEventsAsync(JobId id, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken);

    /// <summary>Events with a sequence number above <paramref name="afterSeq"/>, in order.</summary>
    Task<IReadOnlyList<JobEvent>> ReadEventsAsync(JobId id, long afterSeq, int limit, CancellationToken cancellationToken);

    /// <summary>The last events of a job that pass the filter, newest first. For views that need not read the whole history.</summary>
    Task<IReadOnlyList<JobEvent>> ReadLatestEventsAsync(JobId id, EventFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>Removes a terminal job with all its rows; false where it is not there or not terminal.</summary>
    Task<bool> DeleteJobAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Shards of the current phases of unfinished jobs, by tenant; of one tenant, or of all that have such jobs.</summary>
    Task<IReadOnlyList<TenantLoad>> ReadLoadsAsync(string? tenant, CancellationToken cancellationToken);

    /// <summary>Adds to what tenants used of the slots, and forgets minutes before <paramref name="keepFrom"/>.</summary>
    Task AddUsageAsync(IReadOnlyList<UsageMinute> usage, long keepFrom, CancellationToken cancellationToken);

    /// <summary>What tenants used of the slots from a minute on, of one tenant or of all.</summary>
    Task<IReadOnlyList<UsageMinute>> ReadUsageAsync(string? tenant, long fromMinute, CancellationToken cancellationToken);
}

/// <summary>Shards of a tenant's unfinished jobs.</summary>
/// <param name="Queued">Waiting, back-offs included.</param>
/// <param name="Leased">Held by workers.</param>
public sealed record TenantLoad(string Tenant, long Queued, long Leased);

/// <summary>Counts of a phase by shard state, and the sum of its committed shards' tallies.</summary>
public sealed record PhaseCounts(
    string Phase, int Pending, int Leased, int Committed, int Failed, int Quarantined, IReadOnlyDictionary<string, long> Tally)
{
    /// <summary>The pure domain's view of these counts.</summary>
    public PhaseSummary ToSummary() =>
        new(Phase, Pending + Leased + Committed + Failed + Quarantined, Committed, Failed, Quarantined, Tally);
}
