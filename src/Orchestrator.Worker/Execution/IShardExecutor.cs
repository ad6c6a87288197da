using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Execution;

/// <summary>
/// Does the work of one phase of one kind of job. Called concurrently for different leases. Must be retry-safe: it writes
/// only to a place private to the attempt, and the same payload, document and committed inputs give the same bytes on any
/// worker. Failures of data or storage are values (<see cref="ShardOutcome"/>); an exception is a bug and is reported as
/// <see cref="FailureKind.Transient"/>.
/// </summary>
public interface IShardExecutor
{
    /// <summary>Document kind.</summary>
    string Kind { get; }

    /// <summary>Phase name.</summary>
    string Phase { get; }

    /// <summary>Does the shard. Stops early, by <see cref="OperationCanceledException"/>, where the lease is lost or the job cancelled.</summary>
    Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken);

    /// <summary>Deletes what an attempt wrote, where its commit was refused or it was stopped. Idempotent; must not throw for what is already gone.</summary>
    Task DiscardAsync(ShardWork work);
}

/// <summary>One leased shard with everything its executor may read.</summary>
/// <param name="Lease">Shard and attempt.</param>
/// <param name="Payload">The shard's payload.</param>
/// <param name="Order">The job's document.</param>
/// <param name="Committed">Reader of what earlier phases committed.</param>
public sealed record ShardWork(LeaseKey Lease, string Payload, JobOrder Order, ICommittedReader Committed);

/// <summary>Reads committed shards of an earlier phase of the same job, in order of index, in bounded memory.</summary>
public interface ICommittedReader
{
    /// <summary>All committed shards of <paramref name="phase"/>.</summary>
    IAsyncEnumerable<CommittedView> ReadAsync(string phase, CancellationToken cancellationToken);
}
