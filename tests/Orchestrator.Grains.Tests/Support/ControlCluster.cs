using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Grains.Hosting;
using Orchestrator.Persistence;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Orchestrator.Grains.Tests.Support;

/// <summary>
/// One control silo and worker silos in this process, with membership in memory and the ship profile's failure detection,
/// over a real SQLite file.
/// </summary>
internal sealed class ControlCluster : IAsyncDisposable
{
    private readonly string folder;

    private ControlCluster(InProcessTestCluster cluster, WatchedStore store, string folder)
    {
        Cluster = cluster;
        Store = store;
        this.folder = folder;
    }

    public InProcessTestCluster Cluster { get; }

    public WatchedStore Store { get; }

    public IDispatcherGrain Dispatcher => Cluster.Client.GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool);

    public static async Task<ControlCluster> StartAsync(int workerSilos = 1, Action<DispatchOptions>? configure = null, Action<TenantsOptions>? tenants = null)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-grains-").FullName;
        var store = new WatchedStore(JobStores.Create(
            new JobStoreOptions { ConnectionString = $"Data Source={Path.Combine(folder, "jobs.db")}" }, TimeProvider.System));
        await store.InitializeAsync(CancellationToken.None);
        var builder = new InProcessTestClusterBuilder((short)(1 + workerSilos));
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((silo, siloBuilder) =>
        {
            var isControl = silo.SiloName == "Silo_0";
            siloBuilder.UseShipProfile();
            siloBuilder.AddRolePlacement(isControl ? SiloRole.Control : SiloRole.Worker);
            siloBuilder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
            siloBuilder.Services.AddSingleton<IJobStore>(store);
            siloBuilder.Services.AddSingleton<IJobPlan, ToyPlan>();
            siloBuilder.Services.AddOrchestratorGrains();
            siloBuilder.Services.Configure<DispatchOptions>(options =>
            {
                options.SweepInterval = TimeSpan.FromMilliseconds(50);
                options.ProgressInterval = TimeSpan.Zero;
                options.RetryBaseDelay = TimeSpan.Zero;
                options.IdleHold = TimeSpan.Zero;
                options.EndingGrace = TimeSpan.Zero;
                configure?.Invoke(options);
            });
            siloBuilder.Services.Configure<TenantsOptions>(options => tenants?.Invoke(options));
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new ControlCluster(cluster, store, folder);
    }

    public IJobGrain Job(JobId id) => Cluster.Client.GetGrain<IJobGrain>(id.Value);

    /// <summary>Stores a job and starts it.</summary>
    public async Task<JobId> SubmitAsync(
        int first, int second = 1, string[]? models = null, string tenant = "default", bool start = true, int? parallelism = null)
    {
        var limits = parallelism is { } most ? $$""","limits":{"parallelism":{{most}}}""" : "";
        var id = JobId.Create("toy");
        var result = await Store.CreateJobAsync(
            new NewJob(
                id, "toy", "test", tenant, 3, $$"""{"second":{{second}}{{limits}}}""", new string('0', 64), null, null, models ?? [], models is null ? [] : ["first"], "first", ToyPlan.Shards(first)),
            CancellationToken.None);
        Assert.Equal(CreateJobStatus.Created, result.Status);
        if (start)
        {
            await Job(id).EnsureAsync();
        }

        return id;
    }

    /// <summary>A worker that lives on a silo: its calls leave from there.</summary>
    public FakeWorker Worker(string id, int silo = 1, TimeSpan? elapsed = null)
    {
        var handle = Cluster.Silos[silo];
        var grains = Cluster.GetSiloServiceProvider(handle.SiloAddress).GetRequiredService<IGrainFactory>();
        return new FakeWorker(id, handle.SiloAddress.ToParsableString(), grains.GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool))
        {
            Elapsed = elapsed ?? TimeSpan.FromMilliseconds(1),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
        await Store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
