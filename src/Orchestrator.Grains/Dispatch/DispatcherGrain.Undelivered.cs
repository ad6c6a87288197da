using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    /// <summary>
    /// Leases that this worker should hold and does not speak of: the reply that carried them was lost, as happens to every
    /// exchange under way when a control process dies. A worker has one exchange under way at a time, so each earlier reply has
    /// either arrived or never will. A worker with room for them gets the same leases again, which costs no attempt; the others
    /// go back to the queue.
    /// </summary>
    private List<UndeliveredLease> FindUndelivered(ExchangeRequest request, WorkerEntry worker, DispatchBatch batch, DateTimeOffset now)
    {
        var again = new List<UndeliveredLease>();
        HashSet<LeaseRef>? reported = null;
        foreach (var entry in jobs.Values)
        {
            if (entry.Ledger is null || entry.Ledger.LeasesOf(worker.Owner) is not { Count: > 0 } held)
            {
                continue;
            }

            reported ??= [.. request.Running, .. request.Completed.Select(done => done.Lease)];
            foreach (var lease in held)
            {
                var known = entry.Ref(lease.Index, lease.Attempt);
                if (reported.Contains(known))
                {
                    continue;
                }

                LogUndelivered(logger, known.ToKey(), worker.Owner.Worker);
                if (worker.Mode == WorkerMode.Active && again.Count < request.FreeSlots)
                {
                    again.Add(new UndeliveredLease(entry, known));
                    continue;
                }

                batch.Withdraw(
                    entry,
                    entry.Ledger.Lose(lease.Index, lease.Attempt, $"The lease never reached worker '{worker.Owner.Worker}'.", now),
                    RequeueReasons.Undelivered);
            }
        }

        return again;
    }

    /// <summary>The request as it stands once the worker has these.</summary>
    private static ExchangeRequest After(ExchangeRequest request, List<UndeliveredLease> again) => again.Count == 0
        ? request
        : request with { FreeSlots = request.FreeSlots - again.Count, Running = [.. request.Running, .. again.Select(lease => lease.Lease)] };

    private async Task DeliverAgainAsync(List<UndeliveredLease> again, LeaseOwner owner, List<ShardLease> leases)
    {
        foreach (var (entry, lease) in again)
        {
            // Only the rows have the payload. What was true before this await is looked at again after it.
            var rows = await store.ListShardsAsync(entry.Id, lease.Phase, ShardState.Leased, lease.Index, 1, CancellationToken.None);
            if (rows is [var row] && row.Key.Index == lease.Index && row.Attempt == lease.Attempt
                && Find(lease)?.Ledger!.Renew(lease.Index, lease.Attempt, owner, time.GetUtcNow(), options.LeaseTtl) == RenewVerdict.Renewed)
            {
                leases.Add(new ShardLease(lease, entry.Record!.Kind, row.Payload, entry.Record.Trace));
            }
        }
    }

    /// <summary>A lease on its way to its worker for the second time.</summary>
    private readonly record struct UndeliveredLease(JobEntry Job, LeaseRef Lease);
}
