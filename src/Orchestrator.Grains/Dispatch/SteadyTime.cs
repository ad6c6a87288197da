namespace Orchestrator.Grains.Dispatch;

/// <summary>
/// A clock that nobody can set: the time at which it was made, and from there what the monotonic clock says. A lease deadline
/// or a back-off by the wall clock would come at once, or an hour late, where an administrator or NTP steps it.
/// </summary>
/// <param name="inner">Read once for the time; its timestamps, timers and time zone are this one's.</param>
internal sealed class SteadyTime(TimeProvider inner) : TimeProvider
{
    private readonly DateTimeOffset began = inner.GetUtcNow();
    private readonly long start = inner.GetTimestamp();

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => began + inner.GetElapsedTime(start);

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
