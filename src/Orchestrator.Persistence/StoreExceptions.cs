using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>The database could not be reached or refused to work; the operation may be asked for again later.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Makes one.</summary>
    public StoreUnavailableException(string message, bool outcomeUnknown, Exception inner)
        : base(message, inner) => OutcomeUnknown = outcomeUnknown;

    /// <summary>
    /// True where the connection was lost during the commit, so that the write may or may not have happened: what the
    /// caller holds in memory must be loaded again. False where nothing was written.
    /// </summary>
    public bool OutcomeUnknown { get; }
}

/// <summary>A job that had ended cannot run again, because another one that has not ended writes to the same output.</summary>
public sealed class OutputClaimedException(JobId job, string outputKey, JobId? holder)
    : Exception($"Job {job} cannot run again: {(holder is { } h ? $"job {h}" : "another job")} writes to the same output '{outputKey}'. Wait for it or cancel it.")
{
    /// <summary>The job in the way; null where it ended in the meantime, so that another try may succeed.</summary>
    public JobId? Holder { get; } = holder;
}

/// <summary>The tenant has as many queued shards as it may have.</summary>
public sealed class QueueFullException(string tenant, long queued, int limit)
    : Exception($"Tenant '{tenant}' has {queued} queued shards and may have {limit}.")
{
    /// <summary>Queued shards without the refused job's.</summary>
    public long Queued { get; } = queued;

    /// <summary>Most that it may have.</summary>
    public int Limit { get; } = limit;
}
