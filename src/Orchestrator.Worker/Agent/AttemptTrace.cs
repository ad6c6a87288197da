using System.Diagnostics;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Agent;

/// <summary>What ties an attempt's spans and log lines to its job.</summary>
internal static class AttemptTrace
{
    /// <summary>Starts the span of an attempt below the job's submission; null where nobody listens.</summary>
    public static Activity? Start(ShardLease grant, string device)
    {
        var lease = grant.Lease;
        return JobTrace.Start(TelemetryNames.AttemptSpan, grant.Trace, ActivityKind.Consumer, [
            new(JobTrace.JobTag, lease.Job.Value), new("orchestrator.kind", grant.Kind), new(JobTrace.PhaseTag, lease.Phase),
            new("orchestrator.shard", lease.Index), new("orchestrator.attempt", lease.Attempt), new("orchestrator.device", device)]);
    }

    /// <summary>Every log line until the scope's end names job, phase, shard and attempt, whoever writes it.</summary>
    public static IDisposable? BeginScope(ILogger logger, ShardLease grant) => logger.BeginScope(
        "job {Job} phase {Phase} shard {Shard} attempt {Attempt}", grant.Lease.Job.Value, grant.Lease.Phase, grant.Lease.Index, grant.Lease.Attempt);
}
