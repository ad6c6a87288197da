using System.Threading.Channels;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>
/// Gathers the batches that arrive while a transaction is under way and writes them in the next one, so that concurrent
/// callers share its round trips and its sync to disk.
/// </summary>
internal sealed class PostgresGroupCommit : IAsyncDisposable
{
    /// <summary>Items in one transaction; bounds the length of the arrays and of the wait.</summary>
    private const int MaxItems = 4096;

    private readonly Channel<Pending> queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PostgresRunner runner;
    private readonly TimeProvider time;
    private readonly Task loop;

    public PostgresGroupCommit(PostgresRunner runner, TimeProvider time)
    {
        this.runner = runner;
        this.time = time;
        loop = Task.Run(RunAsync);
    }

    /// <summary>Queues a batch; cancelling takes it back until it is being written.</summary>
    public Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken)
    {
        var pending = new Pending(batch, cancellationToken);
        return queue.Writer.TryWrite(pending) ? pending.Answer.Task : throw new ObjectDisposedException(nameof(IJobStore));
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var group = new List<Pending>();
        while (await queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            for (var items = 0; items < MaxItems && queue.Reader.TryRead(out var pending);)
            {
                if (pending.CancellationToken.IsCancellationRequested)
                {
                    pending.Answer.TrySetCanceled(pending.CancellationToken);
                    continue;
                }

                group.Add(pending);
                items += pending.Batch.Completions.Count + pending.Batch.Withdrawals.Count + pending.Batch.Grants.Count;
            }

            if (group.Count > 0)
            {
                await WriteAsync(group).ConfigureAwait(false);
                group.Clear();
            }
        }
    }

    private async Task WriteAsync(IReadOnlyList<Pending> group)
    {
        try
        {
            var results = await runner.WriteAsync(s => ApplyAsync(s, group), CancellationToken.None).ConfigureAwait(false);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Answer.SetResult(results[i]);
            }
        }
        catch (Exception e) when (group.Count > 1 && e is not StoreUnavailableException)
        {
            // Something in the group is at fault; alone, each batch fails for itself only.
            foreach (var pending in group)
            {
                await WriteAsync([pending]).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            foreach (var pending in group)
            {
                pending.Answer.SetException(e);
            }
        }
    }

    private async Task<ShardBatchResult[]> ApplyAsync(SqlSession session, IReadOnlyList<Pending> group)
    {
        var batches = group.Select(static p => p.Batch).ToArray();
        var workspace = await session.Dialect.LoadAsync(session, batches, time.Now(), CancellationToken.None).ConfigureAwait(false);
        var results = batches.Select(workspace.Apply).ToArray();
        await session.Dialect.SaveAsync(session, workspace, CancellationToken.None).ConfigureAwait(false);
        return results;
    }

    private sealed record Pending(ShardBatch Batch, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<ShardBatchResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
