using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = time.GetUtcNow();
            await TakeBackLostAsync(now);
            foreach (var entry in jobs.Values.ToArray())
            {
                ReadAgainIfStale(entry, now);
                FlushIfDue(entry, now);
                NoticeIfDrained(entry);
            }

            EndCancelled(now);
            FlushUsageIfDue(now);
            if (AnyReady(now))
            {
                // Shards that came back to the queue, or whose back-off is over.
                EndHolds();
            }

            foreach (var (id, worker) in workers.Where(pair => pair.Value.LastSeen < now - options.ForgetWorkerAfter).ToArray())
            {
                workers.Remove(id);
            }

            instruments.SetLevels(Levels());
        }
        catch (Exception exception)
        {
            LogSweepFailed(logger, exception);
        }
    }

    private DispatchLevels Levels()
    {
        var shards = new Dictionary<(string, string, string), long>();
        var byState = new Dictionary<(string, string), long>();
        foreach (var entry in jobs.Values)
        {
            if (entry is { Record: { } record, Ledger: { } ledger })
            {
                Add(byState, (record.Kind, JobMachine.NameOf(record.State)), 1);
                Add(shards, (record.Kind, record.Phase, record.State == JobState.Paused ? "held" : "pending"), ledger.Counts.Pending);
                Add(shards, (record.Kind, record.Phase, "leased"), ledger.Counts.Leased);
            }
        }

        var modes = Enum.GetValues<WorkerMode>().ToDictionary(mode => mode.ToString().ToLowerInvariant(), mode => workers.Values.LongCount(worker => worker.Mode == mode));
        return new DispatchLevels(shards, byState, modes);

        static void Add<TKey>(Dictionary<TKey, long> level, TKey key, long count)
            where TKey : notnull => level[key] = level.GetValueOrDefault(key) + count;
    }

    /// <summary>Leases of silos that are gone, at once; leases that were not renewed, when their time is over.</summary>
    private async Task TakeBackLostAsync(DateTimeOffset now)
    {
        var owners = jobs.Values.SelectMany(entry => entry.Ledger?.OwnerSilos() ?? []).ToHashSet(StringComparer.Ordinal);
        IReadOnlySet<string> lost = new HashSet<string>();
        try
        {
            lost = await silos.FindLostAsync(owners);
        }
        catch (Exception exception)
        {
            // Without the membership's word, the time to live still holds.
            LogMembershipUnknown(logger, exception);
        }

        var batch = new DispatchBatch();
        foreach (var entry in jobs.Values)
        {
            if (entry.Ledger is not { } ledger)
            {
                continue;
            }

            foreach (var silo in lost)
            {
                var decisions = ledger.OwnerLost(silo, died: true, now);
                Withdraw(entry, decisions, RequeueReasons.SiloLost);
                if (decisions.Count > 0)
                {
                    LogSiloLost(logger, silo, decisions.Count, entry.Id);
                }
            }

            var expired = ledger.Expire(now);
            Withdraw(entry, expired, RequeueReasons.Expired);
            if (expired.Count > 0)
            {
                LogExpired(logger, expired.Count, entry.Id);
            }
        }

        await WriteAsync(batch, default);

        void Withdraw(JobEntry entry, IReadOnlyList<LedgerDecision> decisions, string reason)
        {
            foreach (var decision in decisions)
            {
                batch.Withdraw(entry, decision, reason);
            }
        }
    }

    private void ReadAgainIfStale(JobEntry entry, DateTimeOffset now)
    {
        if (entry.Loading is null && entry.Ledger is null or { IsStale: true } && entry.NextLoadAt <= now)
        {
            ReadAsync().Ignore();
        }

        async Task ReadAsync()
        {
            try
            {
                await LoadAsync(entry.Id);
            }
            catch (Exception)
            {
                // Logged where it failed; the next sweep tries again.
            }
        }
    }

    private void FlushIfDue(JobEntry entry, DateTimeOffset now)
    {
        if (entry.HasNews && !entry.FlushUnderWay && entry.NextFlushAt <= now && entry.Ledger is not null)
        {
            FlushAsync(entry).Ignore();
        }
    }

    private async Task FlushAsync(JobEntry entry)
    {
        entry.FlushUnderWay = true;
        entry.NextFlushAt = time.GetUtcNow() + options.ProgressInterval;
        try
        {
            await store.AppendEventsAsync(entry.Id, entry.TakeNews(), CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogFlushFailed(logger, exception, entry.Id);
        }
        finally
        {
            entry.FlushUnderWay = false;
        }
    }

    /// <summary>Tells the job, without keeping the caller waiting, until the job has acknowledged.</summary>
    private void NoticeIfDrained(JobEntry entry)
    {
        if (entry.IsOpen && entry.Ledger!.IsDrained && !entry.NoticeUnderWay && entry.NextNoticeAt <= time.GetUtcNow())
        {
            NoticeAsync(entry, entry.Ledger, entry.Record!.Phase).Ignore();
        }
    }

    private async Task NoticeAsync(JobEntry entry, ShardLedger drained, string phase)
    {
        entry.NoticeUnderWay = true;
        try
        {
            // Watchers see the last counts of a phase before the event that ends it.
            if (entry.HasNews && !entry.FlushUnderWay)
            {
                await FlushAsync(entry);
            }

            await GrainFactory.GetGrain<IJobGrain>(entry.Id.Value).PhaseDrainedAsync(phase);
            entry.NoticeFailures = 0;
            entry.NextNoticeAt = default;
            if (ReferenceEquals(entry.Ledger, drained) && jobs.ContainsKey(entry.Id))
            {
                // Acknowledged, and yet nothing moved: the rows do not say that the phase is over.
                drained.Invalidate();
                entry.NextNoticeAt = time.GetUtcNow() + options.SweepInterval;
            }
        }
        catch (Exception exception)
        {
            entry.NoticeFailures++;
            var delay = TimeSpan.FromMilliseconds(Math.Min(
                options.MaxNoticeDelay.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(entry.NoticeFailures, 16))));
            entry.NextNoticeAt = time.GetUtcNow() + delay;
            LogNoticeFailed(logger, exception, entry.Id, phase);
        }
        finally
        {
            entry.NoticeUnderWay = false;
        }
    }
}
