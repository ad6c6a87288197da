namespace Orchestrator.Worker.Agent;

/// <summary>
/// Time that the slots of one device were taken, summed over slots. Counts up while work is under way: added only at its end,
/// an hour's shard would look like an hour of idleness and then like sixty busy slots. Safe for concurrent use.
/// </summary>
internal sealed class BusyClock(TimeProvider time)
{
    private readonly Lock gate = new();
    private TimeSpan total;
    private long since;
    private int taken;

    /// <summary>One more slot is taken.</summary>
    public void Begin() => Change(+1);

    /// <summary>One slot less is taken.</summary>
    public void End() => Change(-1);

    /// <summary>The sum up to now.</summary>
    public TimeSpan Read() => Change(0);

    private TimeSpan Change(int slots)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            total += time.GetElapsedTime(since, now) * taken;
            (since, taken) = (now, taken + slots);
            return total;
        }
    }
}
