namespace Orchestrator.Domain.Jobs;

/// <summary>When a device is taken out of work.</summary>
public sealed record DevicePolicy
{
    /// <summary>Distinct jobs that must fail in a row on a device. At least 1; 0 turns the rule off. Default: 3.</summary>
    public int Jobs { get; init; } = 3;

    /// <summary>Failures older than this are forgotten. Default: 10 minutes.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// The circuit breaker of one device of one worker: it opens when attempts of several distinct jobs have failed there with
/// no success between them, and stays open until an operator closes it.
/// </summary>
/// <remarks>
/// <para>One job that fails everywhere says nothing about a device, so a job counts once, and only where it has committed
/// shards: work that has succeeded somewhere. Fatal failures are the data's fault and infrastructure failures (a full or
/// lost disk, which all workers share) are no single device's; neither counts.</para>
/// <para>Example with three jobs: a fails, a fails, b fails, success, a fails, b fails, c fails: open.</para>
/// </remarks>
/// <param name="policy">The rule.</param>
public sealed class DeviceHealth(DevicePolicy policy)
{
    private readonly Dictionary<JobId, DateTimeOffset> failed = [];

    /// <summary>True where the device gets no more work.</summary>
    public bool IsCordoned { get; private set; }

    /// <summary>An attempt was committed on the device.</summary>
    public void OnSuccess() => failed.Clear();

    /// <summary>An attempt failed on the device. True where that opened the breaker.</summary>
    /// <param name="job">Its job.</param>
    /// <param name="kind">Class of the failure.</param>
    /// <param name="jobHasCommits">Whether any shard of the job's phase has been committed.</param>
    /// <param name="now">The time; must not fall.</param>
    public bool OnFailure(JobId job, FailureKind kind, bool jobHasCommits, DateTimeOffset now)
    {
        if (IsCordoned || policy.Jobs == 0 || !jobHasCommits || kind is FailureKind.Fatal or FailureKind.Infrastructure)
        {
            return false;
        }

        failed[job] = now;
        foreach (var old in failed.Where(pair => pair.Value < now - policy.Window).Select(pair => pair.Key).ToArray())
        {
            failed.Remove(old);
        }

        return IsCordoned = failed.Count >= policy.Jobs;
    }

    /// <summary>Takes over that the breaker is open, from a dispatcher before this one.</summary>
    public void Cordon() => IsCordoned = true;

    /// <summary>Closes the breaker; what was is forgotten.</summary>
    public void Uncordon()
    {
        IsCordoned = false;
        failed.Clear();
    }
}
