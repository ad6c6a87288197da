using Orchestrator.Domain.Jobs;

namespace Orchestrator.Simulation;

/// <summary>One phase, then the end.</summary>
internal sealed class SimulatedPlan : IJobPlan
{
    public string Kind => SimulatedDocument.Kind;

    public IReadOnlyList<string> Phases { get; } = [SimulatedDocument.Phase];

    public PhaseStep Next(string document, IReadOnlyList<PhaseSummary> finished)
    {
        var last = finished[^1];
        var lost = last.Failed + last.Quarantined;
        return new PhaseStep.End(
            lost == 0 ? JobState.Succeeded
            : lost > SimulatedDocument.Parse(document).MaxFailedShards || last.Committed == 0 ? JobState.Failed
            : JobState.SucceededWithFailures);
    }
}
