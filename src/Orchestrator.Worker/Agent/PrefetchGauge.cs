namespace Orchestrator.Worker.Agent;

/// <summary>
/// How many leases to hold beyond the slots. Long shards need none: a lease that waits here is one that no other worker can
/// take. Short shards need enough of them to keep the slots busy for one exchange. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The estimate is an exponentially weighted mean of the shard times seen (weight 0.2), raised to the age of the youngest running
/// shard, because a phase of long shards that follows one of short shards shows itself by its age long before it finishes.
/// Work conservation as in Celery's prefetch and Ray's lease batching, without their hoarding.
/// </remarks>
/// <param name="slots">Slots of this worker, at least 1.</param>
/// <param name="most">Upper bound, in leases; 0 turns prefetching off.</param>
internal sealed class PrefetchGauge(int slots, int most)
{
    /// <summary>Shards at least this long are never held in advance.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    /// <summary>Time that the prefetched leases should last: a slow exchange.</summary>
    private static readonly TimeSpan Horizon = TimeSpan.FromMilliseconds(250);

    private const double Weight = 0.2;
    private readonly Lock gate = new();
    private double? meanSeconds;

    /// <summary>A shard took this long.</summary>
    public void Observe(TimeSpan elapsed)
    {
        lock (gate)
        {
            meanSeconds = meanSeconds is { } mean ? mean + (Weight * (elapsed.TotalSeconds - mean)) : elapsed.TotalSeconds;
        }
    }

    /// <summary>Leases to hold beyond the slots, in [0, most]; 0 until a shard has been seen.</summary>
    /// <param name="youngestAge">Age of the youngest running shard; zero where none runs.</param>
    public int Depth(TimeSpan youngestAge)
    {
        lock (gate)
        {
            if (meanSeconds is not { } mean)
            {
                return 0;
            }

            var shard = Math.Max(mean, youngestAge.TotalSeconds);
            return shard >= Longest.TotalSeconds
                ? 0
                : (int)Math.Min(most, Math.Ceiling(slots * Horizon.TotalSeconds / Math.Max(shard, 1e-9)));
        }
    }
}
