namespace Orchestrator.Domain.Jobs;

/// <summary>Time that one tenant's shards held slots in one minute.</summary>
/// <param name="Minute">Minutes since 1970-01-01 UTC.</param>
/// <param name="Milliseconds">At least 0; a minute holds as many as the leases that ended in it lasted.</param>
public readonly record struct UsageMinute(string Tenant, long Minute, long Milliseconds);

/// <summary>
/// What tenants used of the slots within a sliding window: the seconds of leases that have ended, counted at their end, and an
/// estimate for those that run. In whole minutes, so that it fits in a few rows and can be read again after a restart. A minute
/// leaves the window as a whole. Not thread-safe.
/// </summary>
/// <param name="window">Length of the window; at least one minute, rounded up to whole minutes.</param>
public sealed class SlotUsage(TimeSpan window)
{
    private readonly long minutes = Math.Max(1, (long)Math.Ceiling(window.TotalMinutes));
    private readonly Dictionary<string, Tenant> tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Tenant, long Minute), long> unsaved = [];

    /// <summary>The minute that a time falls in.</summary>
    public static long MinuteOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 60_000;

    /// <summary>The oldest minute that counts at a time.</summary>
    public long FirstMinute(DateTimeOffset now) => MinuteOf(now) - minutes + 1;

    /// <summary>Takes in what was stored; it is not handed out by <see cref="TakeUnsaved"/>.</summary>
    public void Load(UsageMinute stored) => Of(stored.Tenant).Add(stored.Minute, stored.Milliseconds);

    /// <summary>A lease began.</summary>
    /// <param name="estimate">Seconds it is expected to last.</param>
    public void Begin(string tenant, double estimate) => Of(tenant).Running += estimate;

    /// <summary>A lease ended, or was never begun.</summary>
    /// <param name="estimate">As given to <see cref="Begin"/>; 0 where that was before a restart.</param>
    /// <param name="seconds">How long it held its slot; 0 where nothing was done.</param>
    /// <param name="now">The time.</param>
    public void End(string tenant, double estimate, double seconds, DateTimeOffset now)
    {
        var payer = Of(tenant);
        payer.Running = Math.Max(0, payer.Running - estimate);
        var milliseconds = (long)Math.Ceiling(Math.Max(0, seconds) * 1000);
        if (milliseconds > 0)
        {
            var minute = MinuteOf(now);
            payer.Add(minute, milliseconds);
            unsaved[(tenant, minute)] = unsaved.GetValueOrDefault((tenant, minute)) + milliseconds;
        }
    }

    /// <summary>Seconds used within the window up to now, running leases by their estimate.</summary>
    public double Used(string tenant, DateTimeOffset now) => tenants.TryGetValue(tenant, out var payer)
        ? (payer.Total(FirstMinute(now)) / 1000d) + payer.Running
        : 0;

    /// <summary>How long until what has ended is below a limit; zero where it is.</summary>
    public TimeSpan UntilBelow(string tenant, double limit, DateTimeOffset now)
    {
        if (!tenants.TryGetValue(tenant, out var payer))
        {
            return TimeSpan.Zero;
        }

        var first = FirstMinute(now);
        var rest = payer.Total(first);
        if (rest / 1000d < limit)
        {
            return TimeSpan.Zero;
        }

        foreach (var (minute, milliseconds) in payer.Minutes)
        {
            rest -= milliseconds;
            if (rest / 1000d < limit)
            {
                // Gone from the window when it is no longer the first minute that counts.
                return DateTimeOffset.FromUnixTimeSeconds((minute + minutes) * 60) - now;
            }
        }

        // Only where the limit is 0: even an empty window is not below it.
        return TimeSpan.FromMinutes(minutes);
    }

    /// <summary>What ended since the last call, to be added to the stored rows.</summary>
    public IReadOnlyList<UsageMinute> TakeUnsaved()
    {
        UsageMinute[] taken = [.. unsaved.Select(pair => new UsageMinute(pair.Key.Tenant, pair.Key.Minute, pair.Value))];
        unsaved.Clear();
        return taken;
    }

    /// <summary>Gives back what could not be stored.</summary>
    public void PutBack(IReadOnlyList<UsageMinute> taken)
    {
        foreach (var (tenant, minute, milliseconds) in taken)
        {
            unsaved[(tenant, minute)] = unsaved.GetValueOrDefault((tenant, minute)) + milliseconds;
        }
    }

    private Tenant Of(string name)
    {
        if (!tenants.TryGetValue(name, out var tenant))
        {
            tenants[name] = tenant = new Tenant();
        }

        return tenant;
    }

    private sealed class Tenant
    {
        private long sum;

        public double Running { get; set; }

        public SortedDictionary<long, long> Minutes { get; } = [];

        public void Add(long minute, long milliseconds)
        {
            Minutes[minute] = Minutes.GetValueOrDefault(minute) + milliseconds;
            sum += milliseconds;
        }

        public long Total(long first)
        {
            while (Minutes.Count > 0 && Minutes.First() is var oldest && oldest.Key < first)
            {
                Minutes.Remove(oldest.Key);
                sum -= oldest.Value;
            }

            return sum;
        }
    }
}
