using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// The control plane as a worker sees it. Every call may be repeated; a call that throws or times out has an unknown
/// outcome, never a refused one. Safe for concurrent use.
/// </summary>
public interface IDispatchClient
{
    /// <summary>Address of this process in the cluster, in Orleans' parsable form with its generation; known once the silo runs.</summary>
    string Silo { get; }

    /// <summary>Reports and asks for work.</summary>
    Task<ExchangeReply> ExchangeAsync(ExchangeRequest request);

    /// <summary>What every shard of a job shares.</summary>
    Task<JobOrder> GetOrderAsync(JobId job);

    /// <summary>One page of the committed shards of a phase, by index from <paramref name="fromIndex"/> on; empty at the end.</summary>
    Task<CommittedView[]> GetCommittedAsync(JobId job, string phase, int fromIndex);
}
