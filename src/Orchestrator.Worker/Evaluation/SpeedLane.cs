namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Keeps a speed measurement alone among this process's evaluation work: acceptance shards run side by side, a speed shard
/// waits for them to end and keeps others out. Fair to the measurement: who comes after it waits behind it.
/// </summary>
public sealed class SpeedLane : IDisposable
{
    private readonly SemaphoreSlim entrance = new(1, 1);
    private readonly SemaphoreSlim shared = new(MostShared, MostShared);
    private const int MostShared = 1024;

    /// <summary>Enters beside others.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await entrance.WaitAsync(cancellationToken);
        try
        {
            await shared.WaitAsync(cancellationToken);
        }
        finally
        {
            entrance.Release();
        }

        return new Leave(() => shared.Release());
    }

    /// <summary>Enters alone.</summary>
    public async Task<IDisposable> EnterAloneAsync(CancellationToken cancellationToken)
    {
        await entrance.WaitAsync(cancellationToken);
        var taken = 0;
        try
        {
            while (taken < MostShared)
            {
                await shared.WaitAsync(cancellationToken);
                taken++;
            }
        }
        catch
        {
            if (taken > 0)
            {
                shared.Release(taken);
            }

            entrance.Release();
            throw;
        }

        return new Leave(() =>
        {
            shared.Release(MostShared);
            entrance.Release();
        });
    }

    /// <inheritdoc />
    public void Dispose()
    {
        entrance.Dispose();
        shared.Dispose();
    }

    private sealed class Leave(Action leave) : IDisposable
    {
        private Action? leave = leave;

        public void Dispose() => Interlocked.Exchange(ref leave, null)?.Invoke();
    }
}
