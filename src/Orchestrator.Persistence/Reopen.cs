using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence;

/// <summary>Committed shards to be run again, because their output is gone or changed.</summary>
/// <param name="ExpectedVersion">Version that the job must have.</param>
/// <param name="Phase">Phase of the shards; the job goes back to it.</param>
/// <param name="Shards">Which shards, and why; one that is no longer committed under the attempt named is left alone.</param>
/// <param name="LaterPhases">Phases made from its output; their shards are removed.</param>
/// <param name="MaxReopened">A shard that was reopened so often already fails, and the job with it. At least 0.</param>
/// <param name="Events">Appended where the shards run again.</param>
/// <param name="FailedEvents">Appended instead where the job fails, from its error.</param>
public sealed record ReopenRequest(
    JobId Id,
    long ExpectedVersion,
    string Phase,
    IReadOnlyList<SpoiltOutput> Shards,
    IReadOnlyList<string> LaterPhases,
    int MaxReopened,
    IReadOnlyList<NewJobEvent> Events,
    Func<string, IReadOnlyList<NewJobEvent>> FailedEvents);

/// <summary>How a reopening ended.</summary>
public enum ReopenStatus
{
    /// <summary>The job has changed, or is gone: read it again.</summary>
    Raced,

    /// <summary>None of the shards is committed under the attempt named; nothing was changed.</summary>
    Stale,

    /// <summary>The shards are pending again.</summary>
    Reopened,

    /// <summary>A shard was spoilt too often: it is failed, and so is the job.</summary>
    Failed,
}

/// <summary>Result of <see cref="IJobStore.TryReopenAsync"/>.</summary>
/// <param name="Job">The job afterwards; null where it is gone.</param>
public sealed record ReopenResult(ReopenStatus Status, JobRecord? Job);
