namespace Orchestrator.Persistence.Tests.Sqlite;

/// <summary>The promises of <see cref="JobStoreTests"/> on a SQLite file in a folder of the test's own.</summary>
public sealed class SqliteJobStoreTests : JobStoreTests
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("job-store-");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        folder.Delete(recursive: true);
    }

    protected override Task<IJobStore> OpenAsync() => Task.FromResult(JobStores.Create(
        new JobStoreOptions { Provider = JobStoreProvider.Sqlite, ConnectionString = $"Data Source={Path.Combine(folder.FullName, "deep", "jobs.db")}" }, Time));
}
