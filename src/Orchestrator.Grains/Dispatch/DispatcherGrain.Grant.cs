using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
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
        while (batch.Grants.Count < wanted
               && fairShare.Next(id => MayStart(jobs[id], occupied, now) ? jobs[id].FitFor(worker, warm, now) : JobFit.None) is { } next)
        {
            var entry = jobs[next];
            if (!entry.Ledger!.TryTake(now, out var take))
            {
                throw new InvalidOperationException($"Job '{next}' fits but has no shard ready.");
            }

            var tenant = entry.Record!.Tenant;
            fairShare.Charge(tenant, entry.ChargeFor(take.Index));
            usage.Begin(tenant, entry.BeginUsage(take.Index, now));
            occupied[tenant] = occupied.GetValueOrDefault(tenant) + 1;
            batch.Grants.Add(new PendingGrant(entry, entry.Record.Phase, entry.Record.Kind, take));
        }

        foreach (var entry in freed.Keys)
        {
            entry.Freeing = 0;
        }
    }
}
