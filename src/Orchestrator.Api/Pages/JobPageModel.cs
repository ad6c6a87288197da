using Orchestrator.Api.Jobs;

namespace Orchestrator.Api.Pages;

/// <summary>Everything that a job's page shows, read at one moment.</summary>
/// <param name="Counts">Samples so far; null for kinds of jobs that count none.</param>
/// <param name="Result">Timings, models and damaged shards; null while the job runs.</param>
/// <param name="Losses">Shards of the current phase that failed or were quarantined, the first few; empty once there is a result.</param>
/// <param name="Events">What happened, newest first, without mere progress.</param>
/// <param name="LastEvent">Number of the last event that is contained in this model; later ones make the page stale.</param>
/// <param name="Elapsed">From the start to the end, or to now.</param>
public sealed record JobPageModel(
    JobDetail Job,
    SampleCounts? Counts,
    Throughput Speed,
    JobResult? Result,
    IReadOnlyList<ShardView> Losses,
    IReadOnlyList<EventView> Events,
    long LastEvent,
    IReadOnlyList<ArtifactView> Artifacts,
    TimeSpan? Elapsed)
{
    /// <summary>True where the job has published its report.</summary>
    public bool HasReport => Artifacts.Any(a => a.Path == ArtifactFolder.ReportPath);

    /// <summary>The phases in the job's order, those without shards yet included.</summary>
    public IEnumerable<(string Name, PhaseProgress? Progress)> Phases =>
        Job.AllPhases.Select(name => (name, Job.Phases.FirstOrDefault(p => p.Phase == name)));
}
