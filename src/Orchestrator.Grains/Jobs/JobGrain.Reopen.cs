using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Jobs;

internal sealed partial class JobGrain
{
    /// <summary>Events of one reopening; a folder that was removed reopens every shard.</summary>
    private const int MaxReopenEvents = 50;

    public async Task ReopenAsync(SpoiltShard[] spoilt)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var job = await store.GetJobAsync(Id, CancellationToken.None);
            if (job is not { State: JobState.Running or JobState.Paused })
            {
                // Ended or about to be; or planning, and then the attempt that met it finds it again.
                return;
            }

            var counts = await store.CountAsync(Id, CancellationToken.None);
            var phases = (plans.Find(job.Kind)?.Phases ?? []).TakeWhile(phase => phase != job.Phase);
            if (phases.FirstOrDefault(phase => spoilt.Any(shard => shard.Phase == phase)) is not { } first)
            {
                return;
            }

            // Those of later phases are made anew in any case.
            SpoiltOutput[] shards =
                [.. spoilt.Where(shard => shard.Phase == first).Select(s => new SpoiltOutput(s.Phase, s.Index, s.Attempt, s.Problem)).DistinctBy(s => s.Index)];
            var news = shards.Take(MaxReopenEvents).Select(JobEvents.Reopened).ToList();
            var result = await store.TryReopenAsync(
                new ReopenRequest(
                    Id, job.Version, first, shards, LaterThan(first, job, counts), RetryPolicy.MaxReopened,
                    [.. news, JobEvents.State(job.State, first), JobEvents.PhaseStarted(first, null)],
                    error => [.. news, JobEvents.State(JobState.Failed, first, error)]),
                CancellationToken.None);
            if (result.Status == ReopenStatus.Raced)
            {
                continue;
            }

            if (result is { Status: ReopenStatus.Reopened or ReopenStatus.Failed, Job: { } changed })
            {
                LogReopened(logger, Id, shards.Length, first);
                LogState(logger, Id, job.State, changed.State, first);
                await AnnounceAsync();
            }

            return;
        }

        throw TooManyRaces();
    }
}
