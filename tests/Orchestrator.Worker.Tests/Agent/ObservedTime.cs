using Microsoft.Extensions.Time.Testing;

namespace Orchestrator.Worker.Tests.Agent;

/// <summary>
/// A fake clock that tells which timers are armed, so that a test moves time only when the code under test waits for it:
/// advancing before the timer exists would lose the tick.
/// </summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObservedTimer, DateTimeOffset> armed = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Armed)> waiters = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ObservedTimer(this);
        timer.Inner = base.CreateTimer(
            s =>
            {
                Disarm(timer);
                callback(s);
            },
            state,
            dueTime,
            period);
        Arm(timer, dueTime);
        return timer;
    }

    /// <summary>Waits until some timer fires in exactly <paramref name="due"/>, then lets that time pass.</summary>
    public async Task PassAsync(TimeSpan due)
    {
        await UntilArmedAsync(due);
        Advance(due);
    }

    /// <summary>Waits until some timer fires in exactly <paramref name="due"/>.</summary>
    public Task UntilArmedAsync(TimeSpan due)
    {
        lock (gate)
        {
            if (armed.ContainsValue(GetUtcNow() + due))
            {
                return Task.CompletedTask;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((due, waiter));
            return waiter.Task.WaitAsync(Patience.Limit);
        }
    }

    private void Arm(ObservedTimer timer, TimeSpan due)
    {
        if (due < TimeSpan.Zero)
        {
            Disarm(timer);
            return;
        }

        lock (gate)
        {
            var at = GetUtcNow() + due;
            armed[timer] = at;
            foreach (var waiter in waiters.Where(waiter => GetUtcNow() + waiter.Due == at).ToArray())
            {
                waiters.Remove(waiter);
                waiter.Armed.SetResult();
            }
        }
    }

    private void Disarm(ObservedTimer timer)
    {
        lock (gate)
        {
            armed.Remove(timer);
        }
    }

    private sealed class ObservedTimer(ObservedTime owner) : ITimer
    {
        public ITimer? Inner { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = Inner!.Change(dueTime, period);
            owner.Arm(this, dueTime);
            return changed;
        }

        public void Dispose()
        {
            owner.Disarm(this);
            Inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            owner.Disarm(this);
            return Inner!.DisposeAsync();
        }
    }
}

/// <summary>How long a test waits for something that must happen; reached only where it does not.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
}
