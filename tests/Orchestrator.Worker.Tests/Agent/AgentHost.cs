using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;
using Orchestrator.Worker.Execution;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Tests.Agent;

/// <summary>A worker, wired as in production, with a scripted control plane, scripted executors and a fake clock.</summary>
internal sealed class AgentHost : IAsyncDisposable
{
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    /// <summary>Pause after the first failed exchange, with the chance fixed at its upper end.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private static readonly JobId Job = JobId.Parse("cur-agent");
    private readonly IHost host;
    private readonly Channel<int> freed = Channel.CreateUnbounded<int>();

    private AgentHost(Action<WorkerOptions>? configure, Action<IServiceCollection>? services)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton<IDispatchClient>(Dispatch);
        builder.Services.AddSingleton<IShardExecutor>(Executor);
        services?.Invoke(builder.Services);
        builder.AddOrchestratorWorker(options =>
        {
            options.Id = "worker-1";
            options.ExchangeSpacing = TimeSpan.Zero;
            configure?.Invoke(options);
        });
        builder.Services.AddSingleton(new ControlPlaneRetry(Time, () => 1));
        host = builder.Build();
        Get<DeviceSlots>().Freed += () => freed.Writer.TryWrite(1);
    }

    public ObservedTime Time { get; } = new();

    public ScriptedDispatch Dispatch { get; } = new();

    public ScriptedExecutor Executor { get; } = new();

    public IHostApplicationLifetime Lifetime => host.Services.GetRequiredService<IHostApplicationLifetime>();

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    /// <summary>Starts a worker with <paramref name="slots"/> slots.</summary>
    public static async Task<AgentHost> StartAsync(
        int slots = 1, Action<WorkerOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var agent = new AgentHost(
            options =>
            {
                options.Slots = slots;
                configure?.Invoke(options);
            },
            services);
        await agent.host.StartAsync();
        return agent;
    }

    /// <summary>Begins to stop the host, as SIGTERM does.</summary>
    public Task StopAsync() => host.StopAsync(CancellationToken.None);

    /// <summary>The agent's own end.</summary>
    public Task AgentEndAsync() => host.Services.GetServices<IHostedService>().OfType<WorkerAgent>().Single().ExecuteTask!.WaitAsync(Patience.Limit);

    /// <summary>A lease of the executor's phase.</summary>
    public static ShardLease Lease(int index, int attempt = 1, string phase = "work") =>
        new(new LeaseRef(Job, phase, index, attempt), "test", "{}");

    /// <summary>Leases of the indices given.</summary>
    public static ShardLease[] Leases(params int[] indices) => [.. indices.Select(index => Lease(index))];

    /// <summary>Answers the first exchange with leases and waits until as many attempts have begun.</summary>
    public async Task<ScriptedRun[]> BeginAsync(params int[] indices)
    {
        (await Dispatch.NextAsync()).Reply(Leases(indices));
        var runs = new List<ScriptedRun>();
        foreach (var _ in indices)
        {
            runs.Add(await Executor.NextRunAsync());
        }

        return [.. runs.OrderBy(run => run.Work.Lease.Shard.Index)];
    }

    /// <summary>Waits until as many slots have become free, their work filed, as were not waited for before.</summary>
    public async Task FreedAsync(int slots = 1)
    {
        for (var i = 0; i < slots; i++)
        {
            await freed.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);
        }
    }

    /// <summary>Lets a heartbeat's time pass and returns the exchange that it causes.</summary>
    public async Task<ScriptedExchange> HeartbeatAsync()
    {
        await Time.PassAsync(Heartbeat);
        return await Dispatch.NextAsync();
    }

    /// <summary>The exchange that a worker makes at once when it has told its last news and holds nothing: it asks for work.</summary>
    public Task<ScriptedExchange> AskingAsync() => Dispatch.NextAsync();

    public async ValueTask DisposeAsync()
    {
        // Tests end in the middle of things: do not wait for a drain.
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await host.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // Expected: the agent was not given the time to drain.
        }

        host.Dispose();
    }
}
