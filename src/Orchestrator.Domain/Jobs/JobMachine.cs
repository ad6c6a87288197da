namespace Orchestrator.Domain.Jobs;

/// <summary>What a user may ask of a job.</summary>
public enum JobCommand
{
    /// <summary>Lease no more shards.</summary>
    Pause,

    /// <summary>Lease again.</summary>
    Resume,

    /// <summary>End the job.</summary>
    Cancel,

    /// <summary>Run failed and quarantined shards again.</summary>
    Retry,
}

/// <summary>Answer to a command.</summary>
/// <param name="Accepted">False where the state does not allow it.</param>
/// <param name="State">The state to move to; the present one where nothing moves.</param>
/// <param name="Reason">Why it was refused; null where it was accepted.</param>
public readonly record struct JobVerdict(bool Accepted, JobState State, string? Reason);

/// <summary>
/// The states of a job as a pure table. A command whose effect already holds is accepted and changes nothing, so a caller
/// that lost the first answer may ask again.
/// </summary>
public static class JobMachine
{
    /// <summary>Judges a command.</summary>
    public static JobVerdict Judge(JobState state, JobCommand command) => (command, state) switch
    {
        (JobCommand.Pause, JobState.Pending or JobState.Running or JobState.Paused) => Accept(JobState.Paused),
        (JobCommand.Resume, JobState.Paused or JobState.Running) => Accept(JobState.Running),
        (JobCommand.Cancel, JobState.Cancelled) => Accept(JobState.Cancelled),
        (JobCommand.Cancel, _) when !state.IsTerminal() => Accept(JobState.Cancelling),
        (JobCommand.Retry, JobState.Failed or JobState.SucceededWithFailures or JobState.Cancelled) => Accept(JobState.Running),
        _ => new JobVerdict(false, state, $"A job that is {NameOf(state)} cannot {Verb(command)}."),
    };

    /// <summary>Whether a job may go from one state to another. Staying is allowed.</summary>
    public static bool CanMove(JobState from, JobState to) => from == to || (from, to) switch
    {
        (JobState.Pending, JobState.Running or JobState.Paused or JobState.Cancelling) => true,
        // Failed at once: committed output was spoilt a second time.
        (JobState.Running, JobState.Planning or JobState.Paused or JobState.Cancelling or JobState.Failed) => true,
        (JobState.Planning, JobState.Running or JobState.Succeeded or JobState.SucceededWithFailures or JobState.Failed or JobState.Cancelling) => true,
        (JobState.Paused, JobState.Running or JobState.Cancelling or JobState.Failed) => true,
        (JobState.Cancelling, JobState.Cancelled) => true,
        (JobState.Failed or JobState.SucceededWithFailures or JobState.Cancelled, JobState.Running) => true,
        _ => false,
    };

    /// <summary>Kebab-case name, as on the wire.</summary>
    public static string NameOf(JobState state) =>
        state == JobState.SucceededWithFailures ? "succeeded-with-failures" : state.ToString().ToLowerInvariant();

    private static JobVerdict Accept(JobState state) => new(true, state, null);

    private static string Verb(JobCommand command) => command switch
    {
        JobCommand.Pause => "be paused",
        JobCommand.Resume => "be resumed",
        JobCommand.Cancel => "be cancelled",
        _ => "be retried",
    };
}
