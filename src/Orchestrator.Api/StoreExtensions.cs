using Orchestrator.Api.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Persistence;
using Microsoft.Extensions.Options;

namespace Orchestrator.Api;

/// <summary>Chooses the store: SQLite for an embedded cluster, PostgreSQL for one that spans processes.</summary>
internal static class StoreExtensions
{
    public static IServiceCollection AddConfiguredJobStore(this IServiceCollection services)
    {
        services.AddOptions<StoreOptions>().BindConfiguration(StoreOptions.Section)
            .Validate(o => !string.IsNullOrWhiteSpace(o.Path), "Store:Path: is empty; name a file or leave it out.").ValidateOnStart();
        services.AddJobStore(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            var cluster = configuration.GetSection(OrchestratorClusterOptions.Section).Get<OrchestratorClusterOptions>() ?? new();
            return cluster.Provider == ClusterProviders.Embedded
                ? Embedded(provider)
                : new() { Provider = JobStoreProvider.Postgres, ConnectionString = configuration.GetConnectionString("orchestrator") ?? "" };
        });
        services.AddHostedService<StoreInitializer>();
        return services;
    }

    private static JobStoreOptions Embedded(IServiceProvider provider)
    {
        var folder = provider.GetRequiredService<StoragePaths>().BaseDirectory;
        var file = Path.GetFullPath(provider.GetRequiredService<IOptions<StoreOptions>>().Value.Path, folder);
        return new() { Provider = JobStoreProvider.Sqlite, ConnectionString = $"Data Source={file}" };
    }

    /// <summary>Before any service starts: the silo's grains read the rows as soon as they are activated.</summary>
    private sealed class StoreInitializer(IJobStore store, ILogger<StoreInitializer> logger) : IHostedLifecycleService
    {
        /// <summary>A database that is not up yet is waited for: the processes of a cluster start in any order.</summary>
        public async Task StartingAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    await store.InitializeAsync(cancellationToken);
                    return;
                }
                catch (StoreUnavailableException e)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    StoreLog.Waiting(logger, e.Message);
                }
            }
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

internal static partial class StoreLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the job store: {Reason}")]
    public static partial void Waiting(ILogger logger, string reason);
}
