using System.Runtime.CompilerServices;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Agent;

/// <summary>Reads the committed shards of a job page by page; one page is in memory at a time.</summary>
internal sealed class CommittedReader(JobId job, IDispatchClient client, ControlPlaneRetry retry) : ICommittedReader
{
    /// <exception cref="InvalidDataException">The control plane sent shards out of order.</exception>
    public async IAsyncEnumerable<CommittedView> ReadAsync(string phase, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var next = 0; ;)
        {
            var from = next;
            var page = await retry.RunAsync(() => client.GetCommittedAsync(job, phase, from), cancellationToken);
            if (page.Length == 0)
            {
                yield break;
            }

            foreach (var shard in page)
            {
                // Outputs depend on this order; a page that does not rise would also never end.
                if (shard.Index < next)
                {
                    throw new InvalidDataException(
                        $"Committed shards of {job}/{phase} came out of order: index {shard.Index} where {next} or more was due.");
                }

                next = shard.Index + 1;
                yield return shard;
            }
        }
    }
}
