namespace Orchestrator.Persistence;

/// <summary>Where the rows are kept.</summary>
public enum JobStoreProvider
{
    /// <summary>One SQLite file, one process. Connection string: <c>Data Source=FILE</c>; missing folders are made.</summary>
    Sqlite,

    /// <summary>A PostgreSQL database, any number of processes. The database must exist; its tables are made by the store.</summary>
    Postgres,
}

/// <summary>Settings of a job store.</summary>
public sealed record JobStoreOptions
{
    /// <summary>Kind of database. Default: SQLite.</summary>
    public JobStoreProvider Provider { get; init; } = JobStoreProvider.Sqlite;

    /// <summary>Connection string of the provider's driver (Microsoft.Data.Sqlite, Npgsql). Required.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>
    /// How long an operation is tried again while PostgreSQL cannot be reached, before
    /// <see cref="StoreUnavailableException"/>. Default: 10 s. Zero tries once. Not used by SQLite.
    /// </summary>
    public TimeSpan RetryFor { get; init; } = TimeSpan.FromSeconds(10);
}
