namespace Orchestrator.Worker.Agent;

/// <summary>
/// Acts when this worker's leases are about to run out. A worker that cannot renew must stop by itself: the dispatcher gives
/// its shards to others and has no way to tell it. Measured on the monotonic clock and from the moment the last successful
/// exchange was <em>sent</em>, which is never later than the moment the dispatcher renewed the leases.
/// </summary>
internal sealed class SelfFence : IDisposable
{
    private readonly TimeProvider time;
    private readonly ITimer timer;

    /// <param name="time">Clock.</param>
    /// <param name="act">Called once for each time the leases run out, on a pool thread; must not throw.</param>
    public SelfFence(TimeProvider time, Action act)
    {
        this.time = time;
        timer = time.CreateTimer(_ => act(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long before the end of its leases a worker stops: a sixth of their life, at least 1 s, at most half.</summary>
    public static TimeSpan Grace(TimeSpan ttl)
    {
        var sixth = ttl / 6;
        var floor = TimeSpan.FromSeconds(1);
        return sixth > floor ? sixth : floor < ttl / 2 ? floor : ttl / 2;
    }

    /// <summary>An exchange sent at <paramref name="sentAt"/> succeeded: the leases last for <paramref name="ttl"/> from then.</summary>
    public void Renew(long sentAt, TimeSpan ttl)
    {
        var left = ttl - Grace(ttl) - time.GetElapsedTime(sentAt);
        timer.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => timer.Dispose();
}
