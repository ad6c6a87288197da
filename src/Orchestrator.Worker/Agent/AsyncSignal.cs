namespace Orchestrator.Worker.Agent;

/// <summary>Wakes one waiter; any number of raises before the wait count as one. Raising is safe from any thread.</summary>
internal sealed class AsyncSignal(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource source = New();

    /// <summary>Wakes the waiter, or the next one.</summary>
    public void Raise()
    {
        lock (gate)
        {
            source.TrySetResult();
        }
    }

    /// <summary>Returns when raised or after <paramref name="limit"/>, whichever comes first.</summary>
    public async Task WaitAsync(TimeSpan limit)
    {
        Task raised;
        lock (gate)
        {
            raised = source.Task;
        }

        if (!raised.IsCompleted)
        {
            using var stop = new CancellationTokenSource();
            await Task.WhenAny(raised, Task.Delay(limit, time, stop.Token));
            await stop.CancelAsync();
        }

        lock (gate)
        {
            if (source.Task.IsCompleted)
            {
                source = New();
            }
        }
    }

    // The waiter continues on the pool: raisers are slot threads, which must not run the agent's loop.
    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
