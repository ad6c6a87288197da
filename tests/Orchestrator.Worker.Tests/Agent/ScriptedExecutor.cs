using System.Threading.Channels;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Tests.Agent;

/// <summary>An executor whose work ends when the test says so.</summary>
internal sealed class ScriptedExecutor(string kind = "test", string phase = "work") : IShardExecutor
{
    private readonly Channel<ScriptedRun> runs = Channel.CreateUnbounded<ScriptedRun>();
    private readonly Channel<LeaseKey> discards = Channel.CreateUnbounded<LeaseKey>();

    public string Kind => kind;

    public string Phase => phase;

    /// <summary>Work goes on although it was told to stop.</summary>
    public bool Deaf { get; set; }

    /// <summary>Called by every discard before it is noted.</summary>
    public Action OnDiscard { get; set; } = () => { };

    public async Task<ShardOutcome> ExecuteAsync(ShardWork work, CancellationToken cancellationToken)
    {
        var run = new ScriptedRun(work, cancellationToken);
        runs.Writer.TryWrite(run);
        return await (Deaf ? run.Outcome : run.Outcome.WaitAsync(cancellationToken));
    }

    public Task DiscardAsync(ShardWork work)
    {
        OnDiscard();
        discards.Writer.TryWrite(work.Lease);
        return Task.CompletedTask;
    }

    /// <summary>The next attempt that begins.</summary>
    public Task<ScriptedRun> NextRunAsync() => runs.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>The next attempt whose output is deleted.</summary>
    public Task<LeaseKey> NextDiscardAsync() => discards.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>True where an output was deleted that the test has not looked at.</summary>
    public bool HasDiscarded => discards.Reader.TryPeek(out _);

    /// <summary>True where an attempt began that the test has not looked at.</summary>
    public bool HasStarted => runs.Reader.TryPeek(out _);
}

/// <summary>One attempt, waiting for its end.</summary>
internal sealed class ScriptedRun(ShardWork work, CancellationToken token)
{
    private readonly TaskCompletionSource<ShardOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ShardWork Work => work;

    public CancellationToken Token => token;

    public Task<ShardOutcome> Outcome => outcome.Task;

    public void Complete() =>
        End(ShardOutcome.Completed(new ShardOutput("{}", $"digest-{work.Lease.Shard.Index}", new Dictionary<string, long> { ["read"] = 7 })));

    public void End(ShardOutcome end) => outcome.SetResult(end);

    public void Throw(Exception exception) => outcome.SetException(exception);

    /// <summary>Waits until the work is told to stop.</summary>
    public Task StoppedAsync()
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(() => stopped.TrySetResult());
        return stopped.Task.WaitAsync(Patience.Limit);
    }
}
