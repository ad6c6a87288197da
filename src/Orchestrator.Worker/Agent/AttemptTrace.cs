using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Spans of attempts. A lease carries no trace context: it may be granted by a dispatcher that restarted since the submit. The
/// parent is therefore computed from the job's id, so that the attempts of a job on all workers are one trace.
/// </summary>
internal static class AttemptTrace
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Orchestrator.Worker";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Starts the span of an attempt; null where nobody listens.</summary>
    public static Activity? Start(ShardLease grant, string device)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var lease = grant.Lease;
        return Source.StartActivity("attempt", ActivityKind.Consumer, ContextOf(lease.Job.Value), [
            new("orchestrator.job", lease.Job.Value), new("orchestrator.kind", grant.Kind), new("orchestrator.phase", lease.Phase),
            new("orchestrator.shard", lease.Index), new("orchestrator.attempt", lease.Attempt), new("orchestrator.device", device)]);
    }

    /// <summary>Trace of a job: bytes 0 to 15 of the sha256 of its id are the trace id, bytes 16 to 23 the root span's.</summary>
    internal static ActivityContext ContextOf(string job)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(job)).AsSpan();
        return new ActivityContext(
            ActivityTraceId.CreateFromBytes(hash[..16]), ActivitySpanId.CreateFromBytes(hash[16..24]), ActivityTraceFlags.Recorded, isRemote: true);
    }
}
