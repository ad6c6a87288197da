using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Hosting;

/// <summary>Adds the worker to a host.</summary>
public static class WorkerHostingExtensions
{
    /// <summary>Time that the silo and the rest of the host have to stop after the worker has drained.</summary>
    private static readonly TimeSpan HostGrace = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Adds the agent, its slots and its health check <c>worker</c>. Call it <em>after</em> the silo has been added: hosted
    /// services stop in reverse order, and the agent hands its leases back through the silo. Executors
    /// (<see cref="Execution.IShardExecutor"/>) and an <see cref="IModelInventory"/> are registered by the caller.
    /// </summary>
    /// <param name="builder">Host to add to.</param>
    /// <param name="configure">Applied after the configuration section <c>Worker</c>.</param>
    public static IHostApplicationBuilder AddOrchestratorWorker(
        this IHostApplicationBuilder builder, Action<WorkerOptions>? configure = null)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsValidator>()
            .BindConfiguration(WorkerOptions.Section)
            .Configure(options => configure?.Invoke(options))
            .PostConfigure(FillIn);
        services.AddOptions<HostOptions>().PostConfigure<IOptions<WorkerOptions>>((host, worker) =>
            host.ShutdownTimeout = Longer(host.ShutdownTimeout, worker.Value.DrainTimeout + HostGrace));

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IModelInventory, NoModels>();
        services.TryAddSingleton<IDispatchClient, OrleansDispatchClient>();
        services.AddSingleton(provider => new ControlPlaneRetry(provider.GetRequiredService<TimeProvider>(), Random.Shared.NextDouble));
        services.AddSingleton(provider => new JobOrders(
            provider.GetRequiredService<IDispatchClient>(), provider.GetRequiredService<ControlPlaneRetry>()));
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<WorkerOptions>>().Value;
            return new PrefetchGauge(options.SlotCount, options.MaxPrefetch);
        });
        services.AddSingleton<ExecutorCatalog>();
        services.AddSingleton<LeaseBook>();
        services.AddSingleton<DeviceSlots>();
        services.AddSingleton<WorkerInstruments>();
        services.AddSingleton<CapabilityReport>();
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<Exchanger>();
        services.AddHostedService<WorkerAgent>();
        services.AddHealthChecks().AddCheck<WorkerHealthCheck>("worker");
        return builder;
    }

    /// <summary>
    /// Makes the worker's web server listen where <see cref="WorkerOptions.HttpUrl"/> says, else where ASP.NET Core's own settings
    /// say, else on a free loopback port: several workers share a host, and metrics are nobody else's business.
    /// </summary>
    public static void ListenAsWorker(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration[$"{WorkerOptions.Section}:{nameof(WorkerOptions.HttpUrl)}"] is { Length: > 0 } url)
        {
            builder.WebHost.UseUrls(url);
        }
        else if (configuration["urls"] is null && configuration["http_ports"] is null && configuration["https_ports"] is null
            && !configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
    }

    private static void FillIn(WorkerOptions options)
    {
        if (options.Id.Length == 0)
        {
            options.Id = $"{Environment.MachineName}-{Environment.ProcessId}-{Random.Shared.Next(1 << 24):x6}";
        }

        if (options.Devices.Length == 0)
        {
            // Not the property's initial value: the binder would append the configured devices to it.
            options.Devices = ["cpu"];
        }
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
