using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Curation;

/// <summary>Phases of a selection job: those of <see cref="CurationPlan"/> without <c>score</c>.</summary>
public sealed class SelectionPlan : IJobPlan
{
    /// <inheritdoc />
    public string Kind => SelectionDocument.Kind;

    /// <inheritdoc />
    public IReadOnlyList<string> Phases { get; } = [CurationPlan.Decide, CurationPlan.Write, CurationPlan.Publish];

    /// <inheritdoc />
    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished)
    {
        var last = finished[^1];
        if (last.Committed < last.Total)
        {
            return new PhaseStep.End(JobState.Failed, $"{last.Total - last.Committed} of {last.Total} shards of phase {last.Phase} failed, so the output would be incomplete.");
        }

        return last.Phase switch
        {
            CurationPlan.Decide => new PhaseStep.Start(CurationPlan.Write, CurationPlan.WriteShards(last.Tally)),
            CurationPlan.Write => new PhaseStep.Start(CurationPlan.Publish, [new ShardSpec(0, """{"failedShards":0}""")]),
            _ => new PhaseStep.End(JobState.Succeeded),
        };
    }
}
