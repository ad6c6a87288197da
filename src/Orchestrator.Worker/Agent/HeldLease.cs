using Orchestrator.Contracts.Dispatch;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Agent;

/// <summary>A lease in hand. Its state belongs to <see cref="LeaseBook"/> and moves only under that book's lock.</summary>
internal sealed class HeldLease(ShardLease grant)
{
    private readonly CancellationTokenSource cancellation = new();

    /// <summary>What the dispatcher granted.</summary>
    public ShardLease Grant => grant;

    /// <summary>Shard and attempt.</summary>
    public LeaseRef Ref => grant.Lease;

    /// <summary>Cancelled where the work must stop, whatever the reason.</summary>
    public CancellationToken Token => cancellation.Token;

    /// <summary>Null while it waits for a slot; then the timestamp at which its work began.</summary>
    public long? StartedAt { get; set; }

    /// <summary>Its work is being stopped so that another worker can have it.</summary>
    public bool HandingBack { get; set; }

    /// <summary>Asks the work to stop. Callbacks run on the pool: an executor's slow clean-up must not hold up heartbeats.</summary>
    public void Cancel() => _ = cancellation.CancelAsync();
}

/// <summary>A completion until it is acknowledged, with what is needed to delete its output where it is refused.</summary>
internal sealed record FinishedAttempt(ShardCompletion Report, ShardWork Work, IShardExecutor Executor);

/// <summary>What one exchange carries, taken at one moment.</summary>
internal sealed record AgentReport(
    ShardCompletion[] Completed, ShardFault[] Failed, LeaseRef[] Released, LeaseRef[] Running, LeaseRef[] Started, LeaseRef[] Ending);
