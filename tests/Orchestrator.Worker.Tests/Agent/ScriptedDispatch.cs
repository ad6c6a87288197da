using System.Threading.Channels;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

/// <summary>A control plane that answers when the test says so.</summary>
internal sealed class ScriptedDispatch : IDispatchClient
{
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(30);
    private readonly Channel<ScriptedExchange> exchanges = Channel.CreateUnbounded<ScriptedExchange>();

    public string Silo => "S127.0.0.1:11111:1";

    /// <summary>Answers order requests.</summary>
    public Func<JobId, Task<JobOrder>> Orders { get; set; } =
        job => Task.FromResult(new JobOrder(job, "test", "{}", "hash"));

    /// <summary>Answers requests for committed shards.</summary>
    public Func<string, int, Task<CommittedView[]>> Committed { get; set; } = (_, _) => Task.FromResult(Array.Empty<CommittedView>());

    public Task<ExchangeReply> ExchangeAsync(ExchangeRequest request)
    {
        var exchange = new ScriptedExchange(request);
        exchanges.Writer.TryWrite(exchange);
        return exchange.Call;
    }

    public Task<JobOrder> GetOrderAsync(JobId job) => Orders(job);

    public Task<CommittedView[]> GetCommittedAsync(JobId job, string phase, int fromIndex) => Committed(phase, fromIndex);

    /// <summary>The next exchange that the worker makes.</summary>
    public Task<ScriptedExchange> NextAsync() => exchanges.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>True where the worker made an exchange that the test has not looked at.</summary>
    public bool HasMore => exchanges.Reader.TryPeek(out _);
}

/// <summary>One exchange, waiting for its answer.</summary>
internal sealed class ScriptedExchange(ExchangeRequest request)
{
    private readonly TaskCompletionSource<ExchangeReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ExchangeRequest Request => request;

    public Task<ExchangeReply> Call => reply.Task;

    public void Reply(
        ShardLease[]? leases = null,
        LeaseRef[]? stop = null,
        LeaseRef[]? fenced = null,
        bool drain = false,
        bool sendCapabilities = false,
        WorkerMode mode = WorkerMode.Active) =>
        reply.SetResult(new ExchangeReply(
            leases ?? [], stop ?? [], fenced ?? [], ScriptedDispatch.Ttl, drain, sendCapabilities, mode));

    public void Fail(Exception exception) => reply.SetException(exception);
}
