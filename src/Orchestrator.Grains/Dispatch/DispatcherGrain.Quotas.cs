using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    private static readonly TimeSpan UsageInterval = TimeSpan.FromSeconds(5);

    private DateTimeOffset nextUsageFlush;
    private bool usageFlushUnderWay;

    /// <summary>Reads what tenants used within the window. Without it quotas would begin anew with each activation.</summary>
    private async Task LoadUsageAsync(CancellationToken cancellationToken)
    {
        foreach (var minute in await store.ReadUsageAsync(null, usage.FirstMinute(time.GetUtcNow()), cancellationToken))
        {
            usage.Load(minute);
        }
    }

    /// <summary>Slots that each tenant's jobs take up now.</summary>
    private Dictionary<string, int> OccupiedByTenant()
    {
        var occupied = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in jobs.Values)
        {
            if (entry is { Record.Tenant: { } tenant, Ledger.Occupied: > 0 and var count })
            {
                occupied[tenant] = occupied.GetValueOrDefault(tenant) + count - entry.Freeing;
            }
        }

        return occupied;
    }

    /// <summary>False where a quota of the job's tenant keeps its shards waiting.</summary>
    private bool MayStart(JobEntry entry, Dictionary<string, int> occupied, DateTimeOffset now)
    {
        if (entry.Record is not { Tenant: var tenant })
        {
            return false;
        }

        var quota = tenants.Of(tenant);
        return !(quota.MaxRunningSlots <= occupied.GetValueOrDefault(tenant))
            && !(quota.MaxDeviceSeconds <= usage.Used(tenant, now));
    }

    /// <summary>True for a lease that counts, as far as is known here.</summary>
    private bool IsHeld(LeaseRef lease) =>
        Find(lease) is { Ledger: { } ledger } && lease.Index >= 0 && lease.Index < ledger.Counts.Total
        && ledger[lease.Index] is { State: ShardState.Leased } row && row.Attempt == lease.Attempt;

    /// <summary>Books what a completion took before more is given out: a quota that it fills must hold in this very exchange.</summary>
    private void BookCompletion(ShardCompletion done, DispatchBatch batch, DateTimeOffset now)
    {
        if (IsHeld(done.Lease) && jobs[done.Lease.Job] is var entry && entry.KnowsUsageOf(done.Lease.Index) && batch.Booked.Add(done.Lease))
        {
            SettleUsage(entry, done.Lease.Index, done.Elapsed.TotalSeconds, now);
        }
    }

    /// <summary>A lease of a tenant has ended: what it cost beyond its estimate, and how long it held a slot.</summary>
    private void SettleUsage(JobEntry entry, int index, double seconds, DateTimeOffset now)
    {
        if (entry.Record is { } record)
        {
            usage.End(record.Tenant, entry.EndUsage(index), seconds, now);
        }
    }

    /// <summary>A job ended or was cancelled: what its last leases held until now still counts.</summary>
    private void EndUsageOf(JobEntry entry)
    {
        var now = time.GetUtcNow();
        foreach (var (estimate, seconds) in entry.TakeHeld(now))
        {
            usage.End(entry.Record!.Tenant, estimate, seconds, now);
        }
    }

    private void FlushUsageIfDue(DateTimeOffset now)
    {
        if (now >= nextUsageFlush && !usageFlushUnderWay)
        {
            nextUsageFlush = now + UsageInterval;
            FlushUsageAsync(now).Ignore();
        }
    }

    private async Task FlushUsageAsync(DateTimeOffset now)
    {
        var taken = usage.TakeUnsaved();
        if (taken.Count == 0)
        {
            return;
        }

        usageFlushUnderWay = true;
        try
        {
            await store.AddUsageAsync(taken, usage.FirstMinute(now), CancellationToken.None);
        }
        catch (Exception exception)
        {
            usage.PutBack(taken);
            LogUsageNotStored(logger, exception);
        }
        finally
        {
            usageFlushUnderWay = false;
        }
    }
}
