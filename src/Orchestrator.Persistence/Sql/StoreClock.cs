namespace Orchestrator.Persistence.Sql;

/// <summary>Time in UTC at the millisecond both databases keep, so that what is returned equals what is read back.</summary>
internal static class StoreClock
{
    public static DateTimeOffset Now(this TimeProvider time)
    {
        var now = time.GetUtcNow().ToUniversalTime();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
    }

    /// <summary>Rounded up: a back-off must not end early.</summary>
    public static DateTimeOffset? NotBefore(DateTimeOffset? time)
    {
        if (time is not { } t)
        {
            return null;
        }

        var excess = t.UtcTicks % TimeSpan.TicksPerMillisecond;
        return t.ToUniversalTime().AddTicks(excess == 0 ? 0 : TimeSpan.TicksPerMillisecond - excess);
    }
}
