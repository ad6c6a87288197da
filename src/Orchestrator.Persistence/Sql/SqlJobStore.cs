using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>
/// What both stores share: every method as statements inside one read or one transaction. The databases differ in how a
/// transaction is run and in <see cref="SqlDialect"/>.
/// </summary>
internal abstract partial class SqlJobStore(TimeProvider time) : IJobStore, IScheduleStore, IWebhookStore
{
    public abstract Task InitializeAsync(CancellationToken cancellationToken);

    public async Task<CreateJobResult> CreateJobAsync(NewJob job, CancellationToken cancellationToken)
    {
        Inputs.Check(job);
        while (true)
        {
            // Where the holder of the output ended between the refused insert and the look for it, the output is free again.
            if (await WriteAsync(s => TryCreateAsync(s, job, cancellationToken), cancellationToken).ConfigureAwait(false) is { } result)
            {
                return result;
            }
        }
    }

    public Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken) =>
        ReadAsync(s => JobTable.GetAsync(s, id, cancellationToken), cancellationToken);

    public Task<JobRecord?> FindByIdempotencyKeyAsync(string tenant, string key, CancellationToken cancellationToken) =>
        ReadAsync(
            async s => await JobTable.KeyHolderAsync(s, tenant, key, cancellationToken).ConfigureAwait(false) is { } holder
                ? await JobTable.GetAsync(s, holder.Job, cancellationToken).ConfigureAwait(false)
                : null,
            cancellationToken);

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        return ReadAsync(s => JobTable.ListAsync(s, query, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<JobId>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        ReadAsync(s => JobTable.ListUnfinishedAsync(s, cancellationToken), cancellationToken);

    public Task<JobRecord?> TryChangeAsync(JobChange change, CancellationToken cancellationToken)
    {
        Inputs.Check(change.Events);
        return ChangeAsync(
            change.Id,
            change.ExpectedVersion,
            (s, job, now) => JobTable.UpdateAsync(s, job, change.State, job.Job.Phase, change.Error, change.Events, now, cancellationToken),
            cancellationToken);
    }

    public Task<JobRecord?> TryStartPhaseAsync(
        JobId id, long expectedVersion, string phase, IReadOnlyList<ShardSpec> shards, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken)
    {
        Inputs.Check(phase, shards);
        Inputs.Check(events);
        return ChangeAsync(
            id,
            expectedVersion,
            async (s, job, now) =>
            {
                await ShardTable.ReplaceAsync(s, id, phase, shards, now, cancellationToken).ConfigureAwait(false);
                return await JobTable.UpdateAsync(s, job, JobState.Running, phase, null, events, now, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    public Task<JobRecord?> TryRetryAsync(
        JobId id, long expectedVersion, string phase, bool anew, IReadOnlyList<string> laterPhases, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken)
    {
        Inputs.Check(events);
        if (laterPhases.Contains(phase))
        {
            throw new ArgumentException($"Phase '{phase}' cannot be later than itself.", nameof(laterPhases));
        }

        return ChangeAsync(
            id,
            expectedVersion,
            async (s, job, now) =>
            {
                await ShardTable.RetryAsync(s, id, phase, anew, now, cancellationToken).ConfigureAwait(false);
                await DropPhasesAsync(s, id, laterPhases, now, cancellationToken).ConfigureAwait(false);
                return await JobTable.UpdateAsync(s, job, JobState.Running, phase, null, events, now, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<LeaseKey>> RevokeLeasesAsync(JobId id, CancellationToken cancellationToken) =>
        WriteAsync(
            async s => await JobTable.LockAsync(s, id, cancellationToken).ConfigureAwait(false) is null
                ? []
                : await ShardTable.RevokeAsync(s, id, time.Now(), cancellationToken).ConfigureAwait(false),
            cancellationToken);

    public abstract Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken);

    public Task<IReadOnlyList<ShardRow>> LoadLedgerAsync(JobId id, string phase, CancellationToken cancellationToken) =>
        ReadAsync(s => ShardTable.LedgerAsync(s, id, phase, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<ShardRecord>> ListShardsAsync(
        JobId id, string phase, ShardState? state, int fromIndex, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync(s => ShardTable.ListAsync(s, id, phase, state, fromIndex, limit, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<AttemptRecord>> ListAttemptsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        ReadAsync(s => ShardTable.AttemptsAsync(s, shard, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<CommittedShard>> ListCommittedAsync(JobId id, string phase, int fromIndex, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync(s => ShardTable.CommittedAsync(s, id, phase, fromIndex, limit, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<PhaseCounts>> CountAsync(JobId id, CancellationToken cancellationToken) =>
        ReadAsync(s => PhaseTable.ReadAsync(s, id, cancellationToken), cancellationToken);

    public Task<long> AppendEventsAsync(JobId id, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken)
    {
        Inputs.Check(events);
        return WriteAsync(
            async s =>
            {
                var job = await JobTable.LockAsync(s, id, cancellationToken).ConfigureAwait(false)
                    ?? throw new KeyNotFoundException($"Job '{id}' is not stored.");
                var last = await EventTable.InsertAsync(s, id, job.LastEvent, events, time.Now(), cancellationToken).ConfigureAwait(false);
                await JobTable.SetLastEventAsync(s, id, last, cancellationToken).ConfigureAwait(false);
                return last;
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<JobEvent>> ReadEventsAsync(JobId id, long afterSeq, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync(s => EventTable.ReadAsync(s, id, afterSeq, limit, cancellationToken), cancellationToken);
    }

    public Task<IReadOnlyList<JobEvent>> ReadLatestEventsAsync(JobId id, EventFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync(s => EventTable.ReadLatestAsync(s, id, filter, limit, cancellationToken), cancellationToken);
    }

    public Task<bool> DeleteJobAsync(JobId id, CancellationToken cancellationToken) =>
        WriteAsync(
            async s =>
            {
                var job = await JobTable.LockAsync(s, id, cancellationToken).ConfigureAwait(false);
                if (job is null || !job.Job.State.IsTerminal())
                {
                    return false;
                }

                await JobTable.DeleteAsync(s, id, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public Task<IReadOnlyList<TenantLoad>> ReadLoadsAsync(string? tenant, CancellationToken cancellationToken) =>
        ReadAsync(s => TenantTable.LoadsAsync(s, tenant, cancellationToken), cancellationToken);

    public Task AddUsageAsync(IReadOnlyList<UsageMinute> usage, long keepFrom, CancellationToken cancellationToken) =>
        WriteAsync(s => TenantTable.AddUsageAsync(s, usage, keepFrom, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<UsageMinute>> ReadUsageAsync(string? tenant, long fromMinute, CancellationToken cancellationToken) =>
        ReadAsync(s => TenantTable.ReadUsageAsync(s, tenant, fromMinute, cancellationToken), cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs statements that only read.</summary>
    protected abstract Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> read, CancellationToken cancellationToken);

    /// <summary>
    /// Runs statements in one transaction, committed before the task completes and rolled back where
    /// <paramref name="write"/> throws. May run <paramref name="write"/> more than once, each time from nothing.
    /// </summary>
    protected abstract Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> write, CancellationToken cancellationToken);

    private async Task<JobRecord?> ChangeAsync(
        JobId id, long expectedVersion, Func<SqlSession, LockedJob, DateTimeOffset, Task<JobRecord>> change, CancellationToken cancellationToken) =>
        await WriteAsync<JobRecord?>(
            async s =>
            {
                var job = await JobTable.LockAsync(s, id, cancellationToken).ConfigureAwait(false);
                return job is null || job.Job.Version != expectedVersion
                    ? null
                    : await change(s, job, time.Now()).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);

    private async Task<CreateJobResult?> TryCreateAsync(SqlSession s, NewJob job, CancellationToken cancellationToken)
    {
        // Output first, key second would let a repeated post of a finished job claim its output again; so the key leads.
        if (job.IdempotencyKey is not null
            && await JobTable.ReserveKeyAsync(s, job, cancellationToken).ConfigureAwait(false) is { } earlier)
        {
            var stored = await JobTable.GetAsync(s, earlier.Job, cancellationToken).ConfigureAwait(false);
            return stored is null
                ? null
                : new CreateJobResult(
                    earlier.DocumentHash == job.DocumentHash ? CreateJobStatus.AlreadyCreated : CreateJobStatus.IdempotencyConflict, stored);
        }

        await TenantTable.CheckQueueAsync(s, job, cancellationToken).ConfigureAwait(false);
        var now = time.Now();
        if (await JobTable.InsertAsync(s, job, now, cancellationToken).ConfigureAwait(false) is not { } created)
        {
            if (await JobTable.GetAsync(s, job.Id, cancellationToken).ConfigureAwait(false) is not null)
            {
                throw new InvalidOperationException($"A job with the id '{job.Id}' is stored already; ids are never used twice.");
            }

            var holder = job.OutputKey is null ? null : await JobTable.OutputHolderAsync(s, job.OutputKey, cancellationToken).ConfigureAwait(false);
            await JobTable.ReleaseKeyAsync(s, job, cancellationToken).ConfigureAwait(false);
            return holder is null ? null : new CreateJobResult(CreateJobStatus.OutputClaimed, holder);
        }

        await ShardTable.ReplaceAsync(s, job.Id, job.FirstPhase, job.Shards, now, cancellationToken).ConfigureAwait(false);
        return new CreateJobResult(CreateJobStatus.Created, created);
    }
}
