namespace Orchestrator.Domain.Jobs;

/// <summary>One shard to be made.</summary>
/// <param name="Index">Index in its phase, dense from 0.</param>
/// <param name="Payload">JSON that only the phase's executor reads.</param>
public sealed record ShardSpec(int Index, string Payload);

/// <summary>How a finished phase ended.</summary>
/// <param name="Phase">Its name.</param>
/// <param name="Total">Shards it had.</param>
/// <param name="Committed">Shards with output.</param>
/// <param name="Failed">Shards without, their retries used up.</param>
/// <param name="Quarantined">Shards without, taken out because they killed workers.</param>
/// <param name="Tally">Sum of the committed shards' tallies.</param>
public sealed record PhaseSummary(
    string Phase, int Total, int Committed, int Failed, int Quarantined, IReadOnlyDictionary<string, long> Tally)
{
    /// <summary>True where every shard has reached a terminal state.</summary>
    public bool IsDrained => Committed + Failed + Quarantined == Total;
}

/// <summary>What follows a finished phase: more shards, or the end of the job.</summary>
public abstract record PhaseStep
{
    private PhaseStep()
    {
    }

    /// <summary>Start <paramref name="Phase"/> with these shards.</summary>
    public sealed record Start(string Phase, IReadOnlyList<ShardSpec> Shards) : PhaseStep;

    /// <summary>The job is over, in <paramref name="State"/>; <paramref name="Error"/> says why it failed.</summary>
    public sealed record End(JobState State, string? Error = null) : PhaseStep;
}

/// <summary>
/// The phases of one kind of job and what follows each. Pure and total: the same summaries give the same step, so a
/// control process that restarts in the middle of a transition repeats it.
/// </summary>
public interface IJobPlan
{
    /// <summary>The <c>kind</c> of documents this plan is for.</summary>
    string Kind { get; }

    /// <summary>Phase names in order; a barrier stands between each two.</summary>
    IReadOnlyList<string> Phases { get; }

    /// <summary>Decides what follows.</summary>
    /// <param name="document">The job's canonical document, JSON.</param>
    /// <param name="finished">Summaries of every phase finished so far, in order; the last one has just drained.</param>
    PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished);
}
