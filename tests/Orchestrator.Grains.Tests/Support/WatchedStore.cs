using System.Text.Json;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Tests.Support;

/// <summary>An event as a test sees it.</summary>
internal sealed record SeenEvent(JobId Job, string Type, JsonElement Data);

/// <summary>The real store, with its events made awaitable and its answers losable.</summary>
internal sealed class WatchedStore(IJobStore inner) : IJobStore
{
    private readonly Lock gate = new();
    private readonly List<SeenEvent> seen = [];
    private readonly List<(Func<SeenEvent, bool> Match, TaskCompletionSource<SeenEvent> Found)> waiting = [];
    private int answersToLose;

    /// <summary>Every event stored so far.</summary>
    public IReadOnlyList<SeenEvent> Seen
    {
        get
        {
            lock (gate)
            {
                return [.. seen];
            }
        }
    }

    /// <summary>Completes with the first event that matches, be it stored already or still to come.</summary>
    public Task<SeenEvent> WhenAsync(JobId job, string type, Func<JsonElement, bool>? where = null)
    {
        bool Match(SeenEvent e) => e.Job == job && e.Type == type && (where is null || where(e.Data));
        lock (gate)
        {
            if (seen.FirstOrDefault(Match) is { } past)
            {
                return Task.FromResult(past);
            }

            var found = new TaskCompletionSource<SeenEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((Match, found));
            return found.Task.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    public Task<SeenEvent> WhenStateAsync(JobId job, string state) =>
        WhenAsync(job, "job.state", data => data.GetProperty("state").GetString() == state);

    /// <summary>The next exchanges are written, but their answers never arrive.</summary>
    public void LoseAnswers(int count) => Interlocked.Exchange(ref answersToLose, count);

    public async Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken)
    {
        var result = await inner.ApplyAsync(batch, cancellationToken);
        return !batch.IsEmpty && Interlocked.Decrement(ref answersToLose) >= 0
            ? throw new IOException("The connection was lost during the commit.")
            : result;
    }

    public async Task<JobRecord?> TryChangeAsync(JobChange change, CancellationToken cancellationToken) =>
        Saw(change.Id, change.Events, await inner.TryChangeAsync(change, cancellationToken));

    public async Task<JobRecord?> TryStartPhaseAsync(
        JobId id, long expectedVersion, string phase, IReadOnlyList<ShardSpec> shards, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken) =>
        Saw(id, events, await inner.TryStartPhaseAsync(id, expectedVersion, phase, shards, events, cancellationToken));

    public async Task<ReopenResult> TryReopenAsync(ReopenRequest request, CancellationToken cancellationToken)
    {
        var result = await inner.TryReopenAsync(request, cancellationToken);
        Saw(
            request.Id,
            result.Status == ReopenStatus.Failed ? request.FailedEvents(result.Job!.Error!) : request.Events,
            result.Status is ReopenStatus.Reopened or ReopenStatus.Failed ? result.Job : null);
        return result;
    }

    public async Task<JobRecord?> TryRetryAsync(
        JobId id, long expectedVersion, string phase, bool anew, IReadOnlyList<string> laterPhases, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken) =>
        Saw(id, events, await inner.TryRetryAsync(id, expectedVersion, phase, anew, laterPhases, events, cancellationToken));

    public async Task<long> AppendEventsAsync(JobId id, IReadOnlyList<NewJobEvent> events, CancellationToken cancellationToken)
    {
        var last = await inner.AppendEventsAsync(id, events, cancellationToken);
        Saw(id, events, null);
        return last;
    }

    public Task InitializeAsync(CancellationToken cancellationToken) => inner.InitializeAsync(cancellationToken);

    public Task<CreateJobResult> CreateJobAsync(NewJob job, CancellationToken cancellationToken) => inner.CreateJobAsync(job, cancellationToken);

    public Task<JobRecord?> GetJobAsync(JobId id, CancellationToken cancellationToken) => inner.GetJobAsync(id, cancellationToken);

    public Task<JobRecord?> FindByIdempotencyKeyAsync(string tenant, string idempotencyKey, CancellationToken cancellationToken) =>
        inner.FindByIdempotencyKeyAsync(tenant, idempotencyKey, cancellationToken);

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellationToken) => inner.ListJobsAsync(query, cancellationToken);

    public Task<IReadOnlyList<JobId>> ListUnfinishedAsync(CancellationToken cancellationToken) => inner.ListUnfinishedAsync(cancellationToken);

    public Task<IReadOnlyList<LeaseKey>> RevokeLeasesAsync(JobId id, CancellationToken cancellationToken) => inner.RevokeLeasesAsync(id, cancellationToken);

    public Task<IReadOnlyList<ShardRow>> LoadLedgerAsync(JobId id, string phase, CancellationToken cancellationToken) =>
        inner.LoadLedgerAsync(id, phase, cancellationToken);

    public Task<IReadOnlyList<ShardRecord>> ListShardsAsync(
        JobId id, string phase, ShardState? state, int fromIndex, int limit, CancellationToken cancellationToken) =>
        inner.ListShardsAsync(id, phase, state, fromIndex, limit, cancellationToken);

    public Task<IReadOnlyList<AttemptRecord>> ListAttemptsAsync(ShardKey shard, CancellationToken cancellationToken) =>
        inner.ListAttemptsAsync(shard, cancellationToken);

    public Task<IReadOnlyList<CommittedShard>> ListCommittedAsync(JobId id, string phase, int fromIndex, int limit, CancellationToken cancellationToken) =>
        inner.ListCommittedAsync(id, phase, fromIndex, limit, cancellationToken);

    public Task<IReadOnlyList<PhaseCounts>> CountAsync(JobId id, CancellationToken cancellationToken) => inner.CountAsync(id, cancellationToken);

    public Task<IReadOnlyList<JobEvent>> ReadEventsAsync(JobId id, long afterSeq, int limit, CancellationToken cancellationToken) =>
        inner.ReadEventsAsync(id, afterSeq, limit, cancellationToken);

    public Task<IReadOnlyList<JobEvent>> ReadLatestEventsAsync(JobId id, EventFilter filter, int limit, CancellationToken cancellationToken) =>
        inner.ReadLatestEventsAsync(id, filter, limit, cancellationToken);

    public Task<bool> DeleteJobAsync(JobId id, CancellationToken cancellationToken) => inner.DeleteJobAsync(id, cancellationToken);

    public Task<IReadOnlyList<TenantLoad>> ReadLoadsAsync(string? tenant, CancellationToken cancellationToken) => inner.ReadLoadsAsync(tenant, cancellationToken);

    public Task AddUsageAsync(IReadOnlyList<UsageMinute> usage, long keepFrom, CancellationToken cancellationToken) =>
        inner.AddUsageAsync(usage, keepFrom, cancellationToken);

    public Task<IReadOnlyList<UsageMinute>> ReadUsageAsync(string? tenant, long fromMinute, CancellationToken cancellationToken) =>
        inner.ReadUsageAsync(tenant, fromMinute, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private JobRecord? Saw(JobId id, IReadOnlyList<NewJobEvent> events, JobRecord? changed)
    {
        if (changed is null && events.Any(e => e.Type is "job.state" or "phase.started"))
        {
            return null;
        }

        lock (gate)
        {
            foreach (var e in events)
            {
                var now = new SeenEvent(id, e.Type, JsonDocument.Parse(e.Data).RootElement);
                seen.Add(now);
                foreach (var wait in waiting.Where(wait => wait.Match(now)).ToArray())
                {
                    waiting.Remove(wait);
                    wait.Found.TrySetResult(now);
                }
            }
        }

        return changed;
    }
}
