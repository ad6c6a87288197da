using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    private TaskCompletionSource workArrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Holds the exchange of an idle worker until there is work, at most <see cref="DispatchOptions.IdleHold"/>. Comes before
    /// anything is read from the request: a worker sends one exchange at a time, so nothing overtakes this one.
    /// </summary>
    private async Task HoldIdleAsync(ExchangeRequest request)
    {
        var idle = request is { Completed.Length: 0, Failed.Length: 0, Released.Length: 0, Running.Length: 0, FreeSlots: > 0, Capabilities: null, Ending: null };
        if (!idle || options.IdleHold == TimeSpan.Zero || AnyReady(time.GetUtcNow()))
        {
            return;
        }

        try
        {
            await workArrived.Task.WaitAsync(options.IdleHold, time);
        }
        catch (TimeoutException)
        {
            // Nothing came; the worker asks again.
        }
    }

    private bool AnyReady(DateTimeOffset now)
    {
        var occupied = OccupiedByTenant();
        return jobs.Values.Any(entry => entry.HasRoom && entry.Ledger!.HasReady(now) && MayStart(entry, occupied, now));
    }

    /// <summary>Ends every hold: there is work, or a worker's mode has changed.</summary>
    private void EndHolds()
    {
        var ended = workArrived;
        workArrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ended.TrySetResult();
    }
}
