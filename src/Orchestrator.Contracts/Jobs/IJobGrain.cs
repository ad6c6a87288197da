using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orleans.Concurrency;

namespace Orchestrator.Contracts.Jobs;

/// <summary>
/// The state machine of one job; the key is the job's id. Every call reads or compares rows first, so it may be repeated
/// and may reach a fresh activation.
/// </summary>
[Alias("orchestrator.IJobGrain")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Brings the job to where its rows say it should be: starts a pending one, finishes an interrupted transition, announces it to the dispatcher.</summary>
    [Alias("Ensure")]
    Task EnsureAsync();

    /// <summary>Stops leasing. Allowed while pending or running.</summary>
    [Alias("Pause")]
    Task<CommandResult> PauseAsync();

    /// <summary>Leases again. Allowed while paused.</summary>
    [Alias("Resume")]
    Task<CommandResult> ResumeAsync();

    /// <summary>Ends the job; commits that arrive later are refused. Allowed in every state that is not terminal.</summary>
    [Alias("Cancel")]
    Task<CommandResult> CancelAsync();

    /// <summary>Runs failed and quarantined shards again, and what depends on them. Allowed in failed, succeeded-with-failures and cancelled.</summary>
    [Alias("Retry")]
    Task<CommandResult> RetryAsync();

    /// <summary>From the dispatcher: the last shard of this phase reached a terminal state.</summary>
    [Alias("PhaseDrained")]
    Task PhaseDrainedAsync(string phase);

    /// <summary>
    /// From the dispatcher: committed files of these shards are gone or changed. Runs the shards again, and what was made from them;
    /// a shard whose output is spoilt for the second time fails the job.
    /// </summary>
    [Alias("Reopen")]
    Task ReopenAsync(SpoiltShard[] spoilt);

    /// <summary>What workers need to know about the job as a whole; immutable for the life of the job.</summary>
    /// <exception cref="InvalidOperationException">There is no such job.</exception>
    [Alias("GetOrder"), AlwaysInterleave]
    Task<JobOrder> GetOrderAsync();

    /// <summary>Committed shards of a phase, by index from <paramref name="fromIndex"/> on; at most 1,000 a call.</summary>
    [Alias("GetCommitted"), AlwaysInterleave]
    Task<CommittedView[]> GetCommittedAsync(string phase, int fromIndex);

    /// <summary>Counts of the phases so far.</summary>
    [Alias("GetPhases"), AlwaysInterleave]
    Task<PhaseView[]> GetPhasesAsync();
}

/// <summary>Answer to a command.</summary>
/// <param name="Accepted">False where the state does not allow it, or the job is unknown.</param>
/// <param name="State">State after the command; null for an unknown job.</param>
/// <param name="Reason">Why it was refused.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.CommandResult")]
public sealed record CommandResult(
    [property: Id(0)] bool Accepted, [property: Id(1)] JobState? State, [property: Id(2)] string? Reason);

/// <summary>What every shard of a job shares.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.JobOrder")]
public sealed record JobOrder(
    [property: Id(0)] JobId Id, [property: Id(1)] string Kind, [property: Id(2)] string Document, [property: Id(3)] string DocumentHash);

/// <summary>A committed shard.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.CommittedView")]
public sealed record CommittedView(
    [property: Id(0)] int Index, [property: Id(1)] int Attempt, [property: Id(2)] string Manifest, [property: Id(3)] string Digest);

/// <summary>Counts of one phase.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.PhaseView")]
public sealed record PhaseView(
    [property: Id(0)] string Phase,
    [property: Id(1)] int Pending,
    [property: Id(2)] int Leased,
    [property: Id(3)] int Committed,
    [property: Id(4)] int Failed,
    [property: Id(5)] int Quarantined,
    [property: Id(6)] Dictionary<string, long> Tally);
