using System.Text.Json;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Jobs;

/// <summary>Events of a job: their types and the JSON they carry.</summary>
internal static class JobEvents
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The job's state has changed.</summary>
    public static NewJobEvent State(JobState state, string phase, string? error = null) =>
        new("job.state", JsonSerializer.Serialize(new { state = JobMachine.NameOf(state), phase, error }, Json));

    /// <summary>A phase's shards may be leased.</summary>
    public static NewJobEvent PhaseStarted(string phase, int? shards) =>
        new("phase.started", JsonSerializer.Serialize(new { phase, shards }, Json));

    /// <summary>Every shard of a phase is terminal; counts and tally are exact.</summary>
    public static NewJobEvent PhaseFinished(PhaseSummary summary) => new(
        "phase.finished",
        JsonSerializer.Serialize(
            new { phase = summary.Phase, total = summary.Total, summary.Committed, summary.Failed, summary.Quarantined, summary.Tally }, Json));

    /// <summary>Counts of the running phase; coalesced, at most one a second.</summary>
    public static NewJobEvent Progress(string phase, LedgerCounts counts, IReadOnlyDictionary<string, long> tally) => new(
        "progress",
        JsonSerializer.Serialize(
            new { phase, total = counts.Total, counts.Pending, counts.Leased, counts.Committed, counts.Failed, counts.Quarantined, tally }, Json));

    /// <summary>An attempt ended without output: <c>shard.requeued</c>, <c>shard.failed</c> or <c>shard.quarantined</c>.</summary>
    public static NewJobEvent Shard(string phase, LedgerDecision decision, string reason) => new(
        decision.NewState switch
        {
            ShardState.Failed => "shard.failed",
            ShardState.Quarantined => "shard.quarantined",
            _ => "shard.requeued",
        },
        JsonSerializer.Serialize(
            new { phase, shard = decision.Index, decision.Attempt, reason, error = decision.Error, decision.ReadyAt }, Json));

    /// <summary>A committed shard runs again, because its files are gone or changed.</summary>
    public static NewJobEvent Reopened(SpoiltOutput spoilt) => new(
        "shard.reopened", JsonSerializer.Serialize(new { phase = spoilt.Phase, shard = spoilt.Index, spoilt.Attempt, error = spoilt.Problem }, Json));

    /// <summary>Shard events beyond the limit of one interval, as a number.</summary>
    public static NewJobEvent Omitted(string phase, int count) =>
        new("shard.omitted", JsonSerializer.Serialize(new { phase, count }, Json));
}
