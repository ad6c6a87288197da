using Orchestrator.Persistence;

namespace Orchestrator.Grains.Jobs;

/// <summary>Where jobs keep files while they work; the control plane's way to clear up behind them.</summary>
public interface IJobPlaces
{
    /// <summary>
    /// Deletes what attempts of a job kept, and nothing that was published or that another job wrote. From its first moment on no
    /// attempt that is still at work can publish. Idempotent.
    /// </summary>
    Task ClearAsync(JobRecord job, CancellationToken cancellationToken);
}

/// <summary>For hosts whose jobs keep no files.</summary>
internal sealed class NoJobPlaces : IJobPlaces
{
    public Task ClearAsync(JobRecord job, CancellationToken cancellationToken) => Task.CompletedTask;
}
