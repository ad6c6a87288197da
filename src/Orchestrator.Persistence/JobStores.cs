using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Persistence.Postgres;
using Orchestrator.Persistence.Sql;
using Orchestrator.Persistence.Sqlite;

namespace Orchestrator.Persistence;

/// <summary>Makes job stores.</summary>
public static class JobStores
{
    /// <summary>Makes a store; nothing is opened before <see cref="IJobStore.InitializeAsync"/>, which must be called first.</summary>
    /// <param name="options">Kind of database and how to reach it.</param>
    /// <param name="time">Clock of every stored time.</param>
    /// <param name="logger">Migrations, retries and lost connections are reported here; null for nowhere.</param>
    /// <exception cref="ArgumentException">The connection string is empty or cannot be used.</exception>
    public static IJobStore Create(JobStoreOptions options, TimeProvider time, ILogger? logger = null)
    {
        if (string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            throw new ArgumentException(
                "The connection string of the job store is empty. Set 'Data Source=FILE' for SQLite, or 'Host=...;Database=...;Username=...' for PostgreSQL.",
                nameof(options));
        }

        logger ??= NullLogger.Instance;
        return options.Provider switch
        {
            JobStoreProvider.Sqlite => new SqliteJobStore(options, time, logger),
            JobStoreProvider.Postgres => new PostgresJobStore(options, time, logger),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Provider, "Unknown job store provider."),
        };
    }

    /// <summary>
    /// Registers the one <see cref="IJobStore"/> of the process; the clock and the log come from the container where they are
    /// registered. Whoever starts the host calls <see cref="IJobStore.InitializeAsync"/> before anything uses the store.
    /// </summary>
    public static IServiceCollection AddJobStore(this IServiceCollection services, JobStoreOptions options) =>
        services.AddJobStore(_ => options);

    /// <summary>As the other overload, with options that need the container. Registers the same object as <see cref="IScheduleStore"/> and <see cref="IWebhookStore"/>.</summary>
    public static IServiceCollection AddJobStore(this IServiceCollection services, Func<IServiceProvider, JobStoreOptions> options) => services
        .AddSingleton(provider => (SqlJobStore)Create(
            options(provider),
            (TimeProvider?)provider.GetService(typeof(TimeProvider)) ?? TimeProvider.System,
            ((ILoggerFactory?)provider.GetService(typeof(ILoggerFactory)))?.CreateLogger("Orchestrator.Persistence")))
        .AddSingleton<IJobStore>(provider => provider.GetRequiredService<SqlJobStore>())
        .AddSingleton<IScheduleStore>(provider => provider.GetRequiredService<SqlJobStore>())
        .AddSingleton<IWebhookStore>(provider => provider.GetRequiredService<SqlJobStore>());
}
