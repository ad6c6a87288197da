namespace Orchestrator.Domain.Jobs;

/// <summary>What an ended attempt means for its shard.</summary>
/// <param name="State">Pending, Failed or Quarantined.</param>
/// <param name="Delay">Back-off before the next attempt; zero for at once.</param>
/// <param name="AddFailures">1 where it counts against the shard's retries.</param>
/// <param name="AddWorkerDeaths">1 where it counts as a worker's death.</param>
public readonly record struct RetryVerdict(ShardState State, TimeSpan Delay, int AddFailures, int AddWorkerDeaths);

/// <summary>
/// When a shard is tried again. Back-off is full jitter: uniform between zero and <c>BaseDelay * 2^failures</c>, at most
/// <see cref="MaxDelay"/> ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that shards which failed
/// together do not come back together.
/// </summary>
public sealed record RetryPolicy
{
    /// <summary>Counted failures after which a shard is failed for good. At least 1. Default: 4.</summary>
    public int MaxFailures { get; init; } = 4;

    /// <summary>Worker deaths after which a shard is quarantined. At least 1. Default: 3.</summary>
    public int MaxWorkerDeaths { get; init; } = 3;

    /// <summary>Longest back-off after the first failure. Default: 1 second.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest back-off ever. Default: 5 minutes.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a committed shard may run again because its files are gone or changed; once more fails the job. Disks that do so twice do so always.</summary>
    public const int MaxReopened = 1;

    /// <summary>Judges a failure that the worker reported.</summary>
    /// <param name="kind">Class of the failure.</param>
    /// <param name="failures">Counted failures before this one.</param>
    /// <param name="chance">Uniform in [0, 1).</param>
    public RetryVerdict OnFailure(FailureKind kind, int failures, double chance) => kind switch
    {
        FailureKind.Fatal => new(ShardState.Failed, TimeSpan.Zero, 1, 0),
        // Uncounted, but not at once: a machine that fails everything in a millisecond must not spin on the queue.
        FailureKind.Infrastructure => new(ShardState.Pending, Jitter(0, chance), 0, 0),
        _ when failures + 1 >= MaxFailures => new(ShardState.Failed, TimeSpan.Zero, 1, 0),
        _ => new(ShardState.Pending, Jitter(failures, chance), 1, 0),
    };

    /// <summary>Judges a lease that nobody reported back: at once to the queue, unless the shard kills its workers.</summary>
    /// <param name="workerDied">True where the worker is held to have died; false where it never began.</param>
    /// <param name="workerDeaths">Deaths before this one.</param>
    public RetryVerdict OnLoss(bool workerDied, int workerDeaths) =>
        !workerDied ? new(ShardState.Pending, TimeSpan.Zero, 0, 0)
        : workerDeaths + 1 >= MaxWorkerDeaths ? new(ShardState.Quarantined, TimeSpan.Zero, 0, 1)
        : new(ShardState.Pending, TimeSpan.Zero, 0, 1);

    private TimeSpan Jitter(int failures, double chance)
    {
        var ceiling = Math.Min(MaxDelay.TotalSeconds, BaseDelay.TotalSeconds * Math.Pow(2, failures));
        return TimeSpan.FromSeconds(ceiling * chance);
    }
}
