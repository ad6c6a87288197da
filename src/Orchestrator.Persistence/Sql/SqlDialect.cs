using System.Diagnostics.CodeAnalysis;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>What SQLite and PostgreSQL do differently; every other statement is the same text on both.</summary>
internal abstract class SqlDialect
{
    /// <summary>
    /// Ends the statement that reads a job about to be changed. The job's row is the lock of everything below it: whoever
    /// holds it is alone in changing the job's phases, shards, attempts and events.
    /// </summary>
    public abstract string ForUpdate { get; }

    /// <summary>Ends a statement that picks rows to work on: rows that somebody else is picking are passed over.</summary>
    public abstract string SkipLocked { get; }

    /// <summary>Waits until no other transaction counts what a tenant has, and keeps others out until the end of this one.</summary>
    public abstract Task LockTenantAsync(SqlSession session, string tenant, CancellationToken cancellationToken);

    /// <summary>A time as a parameter.</summary>
    public abstract object Time(DateTimeOffset time);

    /// <summary>A time or null as a parameter.</summary>
    [return: NotNullIfNotNull(nameof(time))]
    public object? Time(DateTimeOffset? time) => time is { } t ? Time(t) : null;

    /// <summary>Inserts pending shards, each with the highest attempt of its history.</summary>
    public abstract Task InsertShardsAsync(
        SqlSession session, JobId job, string phase, IReadOnlyList<ShardSpec> shards, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Locks the jobs that batches touch, in order of id, and reads the rows their items name.</summary>
    public abstract Task<ShardWorkspace> LoadAsync(
        SqlSession session, IReadOnlyList<ShardBatch> batches, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Writes what the workspace changed.</summary>
    public abstract Task SaveAsync(SqlSession session, ShardWorkspace workspace, CancellationToken cancellationToken);
}
