using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Hosting;
using Orchestrator.Persistence;
using Orleans.Runtime;

namespace Orchestrator.Grains.Tests.Support;

/// <summary>An embedded cluster of two hosts over real ports: one with the control grains, one that joined it as a worker.</summary>
internal sealed class TwoSilos : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("two-silos-");
    private readonly IJobStore store;

    private TwoSilos() => store = JobStores.Create(
        new JobStoreOptions { ConnectionString = $"Data Source={Path.Combine(folder.FullName, "jobs.db")}" }, TimeProvider.System);

    public IHost Control { get; private set; } = null!;

    public IHost Worker { get; private set; } = null!;

    public OrchestratorClusterOptions Ports => Control.Services.GetRequiredService<IOptions<OrchestratorClusterOptions>>().Value;

    /// <summary>An agent in the worker's process that asks the dispatcher in the other.</summary>
    public FakeWorker Agent => new(
        "w1",
        Worker.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString(),
        Worker.Services.GetRequiredService<IGrainFactory>().GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool));

    public static async Task<TwoSilos> StartAsync((string Key, string Value)[] control, (string Key, string Value)[] worker)
    {
        var silos = new TwoSilos();
        await silos.store.InitializeAsync(CancellationToken.None);
        var first = Builder(control);
        first.UseOrchestratorCluster(SiloRole.ControlAndWorker);
        first.Services.AddSingleton(silos.store).AddSingleton<IJobPlan, ToyPlan>().AddOrchestratorGrains();
        silos.Control = first.Build();
        await silos.Control.StartAsync();

        var second = Builder([.. worker, ("Cluster:PrimarySiloPort", $"{silos.Ports.SiloPort}")]);
        second.UseOrchestratorCluster(SiloRole.Worker);
        silos.Worker = second.Build();
        await silos.Worker.StartAsync();
        return silos;
    }

    /// <summary>A host that reads nothing but these settings.</summary>
    public static HostApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        return builder;
    }

    public async ValueTask DisposeAsync()
    {
        await Worker.StopAsync();
        await Control.StopAsync();
        Worker.Dispose();
        Control.Dispose();
        await store.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
