using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    /// <summary>Which leases the worker is at: should it die, its death counts against these and no others.</summary>
    private void NoteBegun(ExchangeRequest request, LeaseOwner owner)
    {
        foreach (var lease in request.Started ?? request.Running)
        {
            Find(lease)?.Ledger!.Begin(lease.Index, lease.Attempt, owner);
        }

        // Leases read from rows are those of which nothing is known; the rest of what the worker holds waits there.
        foreach (var lease in request.Running)
        {
            Find(lease)?.Ledger!.Await(lease.Index, lease.Attempt, owner);
        }
    }

    /// <summary>
    /// Picks shards for the worker. A shard that was held by a worker that died goes to one that begins it at once and holds no
    /// other such shard: who kills a worker for the second time is then known, and its neighbours are not killed with it again.
    /// </summary>
    private void Grant(WorkerEntry worker, ExchangeRequest request, DispatchBatch batch, DateTimeOffset now)
    {
        var wanted = Math.Min(request.FreeSlots, options.MaxLeasesPerExchange);
        if (wanted <= 0)
        {
            return;
        }

        // Slots that this very exchange makes free may be given out by it: its completions are written before its grants.
        var freed = batch.Completions.Select(done => done.Lease).Where(IsHeld).Distinct().GroupBy(lease => lease.Job).ToDictionary(group => jobs[group.Key], group => group.Count());
        foreach (var (entry, count) in freed)
        {
            entry.Freeing = count;
        }

        var warm = request.WarmModels.ToHashSet(StringComparer.Ordinal);
        var occupied = OccupiedByTenant();

        // A worker begins its leases in the order of their grants, so these fill its free slots and the others wait. Where a
        // suspect is ready for it and no slot is free, it gets nothing: leases in advance would keep its slots from ever being free.
        var atOnce = worker.Capabilities!.Slots - request.Running.Length;
        var suspects = !jobs.Values.Any(entry => entry.Ledger?.HoldsSuspect(worker.Owner) == true);
        var waits = suspects && atOnce <= 0 && jobs.Values.Any(entry => entry.FitFor(worker, warm, now) != JobFit.None && entry.Ledger!.HasReadySuspect(now));
        while (!waits && batch.Grants.Count < wanted)
        {
            var beginsAtOnce = batch.Grants.Count < atOnce;
            var takesSuspect = suspects && beginsAtOnce;
            if (fairShare.Next(id => MayStart(jobs[id], occupied, now) ? jobs[id].FitFor(worker, warm, now, takesSuspect) : JobFit.None) is not { } next)
            {
                break;
            }

            var entry = jobs[next];
            if (!entry.Ledger!.TryTake(now, out var take, takesSuspect))
            {
                throw new InvalidOperationException($"Job '{next}' fits but has no shard ready.");
            }

            suspects &= !entry.Ledger.IsSuspect(take.Index);
            var tenant = entry.Record!.Tenant;
            fairShare.Charge(tenant, entry.ChargeFor(take.Index));
            usage.Begin(tenant, entry.BeginUsage(take.Index, now));
            occupied[tenant] = occupied.GetValueOrDefault(tenant) + 1;
            batch.Grants.Add(new PendingGrant(entry, entry.Record.Phase, entry.Record.Kind, take, beginsAtOnce));
        }

        foreach (var entry in freed.Keys)
        {
            entry.Freeing = 0;
        }
    }
}
