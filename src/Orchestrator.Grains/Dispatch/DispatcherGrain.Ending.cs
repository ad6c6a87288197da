using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    private static readonly TimeSpan EnsureInterval = TimeSpan.FromSeconds(2);

    /// <summary>Jobs that are being cancelled, and when they are asked next whether they have ended.</summary>
    private readonly Dictionary<JobId, DateTimeOffset> ending = [];

    private DateTimeOffset activatedAt;

    public Task<bool> IsAtWorkAsync(JobId id) => Task.FromResult(IsAtWork(id, time.GetUtcNow()));

    /// <summary>
    /// By the last word of every worker that lives. A process that hung and was given up is not waited for: it may hang for ever,
    /// and what it finds when it goes on is a place that has been cleared.
    /// </summary>
    private bool IsAtWork(JobId id, DateTimeOffset now) =>
        now - activatedAt < options.EndingGrace
        || workers.Values.Any(worker => worker.IsAtWork(id) && worker.LastSeen > now - options.LeaseTtl && !silos.IsGivenUp(worker.Owner.Silo));

    private void NoteEnding(JobId id, bool isCancelling)
    {
        if (!isCancelling)
        {
            ending.Remove(id);
        }
        else
        {
            ending.TryAdd(id, time.GetUtcNow());
        }
    }

    /// <summary>Tells jobs that are being cancelled when nobody is at work for them any more.</summary>
    private void EndCancelled(DateTimeOffset now)
    {
        foreach (var (id, due) in ending.ToArray())
        {
            if (due <= now && !IsAtWork(id, now))
            {
                // Until a load says that it has ended.
                ending[id] = now + EnsureInterval;
                EnsureAsync(id).Ignore();
            }
        }

        async Task EnsureAsync(JobId id)
        {
            await GrainFactory.GetGrain<IJobGrain>(id.Value).EnsureAsync();
            await LoadAsync(id);
        }
    }

    /// <summary>Tells jobs what has to run again, without keeping the worker waiting. Where that is lost the attempt meets it again.</summary>
    private void Reopen(DispatchBatch batch)
    {
        foreach (var (job, shards) in batch.Spoilt)
        {
            ReopenAsync(job).Ignore();

            async Task ReopenAsync(JobId id)
            {
                try
                {
                    await GrainFactory.GetGrain<IJobGrain>(id.Value).ReopenAsync(shards);
                }
                catch (Exception exception)
                {
                    LogNotReopened(logger, exception, id);
                }
            }
        }
    }
}
