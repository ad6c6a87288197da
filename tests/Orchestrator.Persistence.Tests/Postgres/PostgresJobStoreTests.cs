using Orchestrator.Tests.Shared;

[assembly: AssemblyFixture(typeof(PrivatePostgres))]

namespace Orchestrator.Persistence.Tests.Postgres;

/// <summary>The promises of <see cref="JobStoreTests"/> on a PostgreSQL database of the test's own.</summary>
public sealed class PostgresJobStoreTests(PrivatePostgres postgres) : JobStoreTests
{
    private string? connectionString;

    protected override async Task<IJobStore> OpenAsync()
    {
        connectionString ??= await postgres.CreateDatabaseAsync();
        return JobStores.Create(new JobStoreOptions { Provider = JobStoreProvider.Postgres, ConnectionString = connectionString }, Time);
    }
}
