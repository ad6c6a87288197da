namespace Orchestrator.Domain.Jobs;

/// <summary>States of a job. On the wire: kebab-case, for example <c>succeeded-with-failures</c>.</summary>
public enum JobState
{
    /// <summary>Accepted and stored; its shards are not leased yet.</summary>
    Pending,

    /// <summary>The next phase's shards are being made.</summary>
    Planning,

    /// <summary>Shards of the current phase are leased as workers ask for them.</summary>
    Running,

    /// <summary>No new shard is leased; shards already leased run to their end and commit.</summary>
    Paused,

    /// <summary>Workers are being told to stop; late commits are already refused.</summary>
    Cancelling,

    /// <summary>Ended by a user. Terminal.</summary>
    Cancelled,

    /// <summary>Every shard committed. Terminal.</summary>
    Succeeded,

    /// <summary>Ended with output, but shards failed, were quarantined or were damaged. Terminal.</summary>
    SucceededWithFailures,

    /// <summary>Ended without output. Terminal.</summary>
    Failed,
}

/// <summary>States of a shard. On the wire: lower case.</summary>
public enum ShardState
{
    /// <summary>Waits for a worker (perhaps until its back-off has passed).</summary>
    Pending,

    /// <summary>Granted to one worker under the current attempt.</summary>
    Leased,

    /// <summary>Its output is the committed one. Terminal.</summary>
    Committed,

    /// <summary>Its retries are used up, or its failure cannot be cured by a retry. Terminal until <c>retry</c>.</summary>
    Failed,

    /// <summary>It killed its workers too often to be tried again. Terminal until <c>retry</c>.</summary>
    Quarantined,
}

/// <summary>What a state allows.</summary>
public static class JobStates
{
    /// <summary>True for the four states that a job does not leave by itself.</summary>
    public static bool IsTerminal(this JobState state) =>
        state is JobState.Cancelled or JobState.Succeeded or JobState.SucceededWithFailures or JobState.Failed;

    /// <summary>True for a shard that needs no more work.</summary>
    public static bool IsTerminal(this ShardState state) =>
        state is ShardState.Committed or ShardState.Failed or ShardState.Quarantined;
}
