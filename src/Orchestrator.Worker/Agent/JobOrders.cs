using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Orders of the jobs this worker has shards of. They never change, so each is fetched once, by the first shard that needs
/// it, and the least recently used leave first. Safe for concurrent use.
/// </summary>
/// <param name="client">Control plane.</param>
/// <param name="retry">How its calls are repeated.</param>
/// <param name="capacity">Orders kept, at least 1.</param>
internal sealed class JobOrders(IDispatchClient client, ControlPlaneRetry retry, int capacity = 64)
{
    private readonly Lock gate = new();
    private readonly Dictionary<JobId, LinkedListNode<(JobId Job, Task<JobOrder> Order)>> known = [];
    private readonly LinkedList<(JobId Job, Task<JobOrder> Order)> byUse = [];

    /// <summary>The order of a job.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; others who wait for the same order are not affected.</exception>
    public async Task<JobOrder> GetAsync(JobId job, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
        {
            var order = Find(job);
            try
            {
                return await order.WaitAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Forget(job, order);
                if (!ControlPlaneRetry.IsRetryable(e))
                {
                    throw;
                }

                await retry.PauseAsync(failures, cancellationToken);
            }
        }
    }

    private Task<JobOrder> Find(JobId job)
    {
        lock (gate)
        {
            if (known.TryGetValue(job, out var node))
            {
                byUse.Remove(node);
                byUse.AddFirst(node);
                return node.Value.Order;
            }

            var order = FetchAsync(job);
            known[job] = byUse.AddFirst((job, order));
            if (known.Count > capacity)
            {
                known.Remove(byUse.Last!.Value.Job);
                byUse.RemoveLast();
            }

            return order;
        }
    }

    // Async, so that a call that throws before it returns a task fails like any other.
    private async Task<JobOrder> FetchAsync(JobId job) => await client.GetOrderAsync(job);

    private void Forget(JobId job, Task<JobOrder> failed)
    {
        lock (gate)
        {
            if (known.TryGetValue(job, out var node) && node.Value.Order == failed)
            {
                known.Remove(job);
                byUse.Remove(node);
            }
        }
    }
}
