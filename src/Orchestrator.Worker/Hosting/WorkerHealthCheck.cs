using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Hosting;

/// <summary>
/// Healthy while the dispatcher answers. A silo that answers pings is "healthy" to its peers even when its worker is stuck, so
/// this looks at the exchanges themselves.
/// </summary>
internal sealed class WorkerHealthCheck(Exchanger exchanger) : IHealthCheck
{
    /// <summary>Age of the last answered exchange from which the worker counts as cut off.</summary>
    private static readonly TimeSpan CutOff = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(exchanger.SinceSuccess switch
        {
            null => HealthCheckResult.Unhealthy("No exchange with the dispatcher has been answered yet."),
            { } age when age > CutOff => HealthCheckResult.Unhealthy($"The last answered exchange was sent {age.TotalSeconds:F0} s ago."),
            _ => HealthCheckResult.Healthy(),
        });
}
