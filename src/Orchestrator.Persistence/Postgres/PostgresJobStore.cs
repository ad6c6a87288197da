using Microsoft.Extensions.Logging;
using Npgsql;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>
/// The job store in a PostgreSQL database, for any number of processes. Every change of a job or of what belongs to it
/// begins by locking the job's row, in order of id where there are several: that makes changes of one job follow one
/// another and leaves no room for a deadlock.
/// </summary>
internal sealed class PostgresJobStore : SqlJobStore
{
    /// <summary>More than the statements this store has; each is planned once per connection.</summary>
    private const int PreparedStatements = 100;

    private readonly NpgsqlDataSource source;
    private readonly PostgresRunner runner;
    private readonly PostgresGroupCommit groups;
    private readonly string connectionString;
    private readonly ILogger logger;

    /// <exception cref="ArgumentException">The connection string does not name a host and a database.</exception>
    public PostgresJobStore(JobStoreOptions options, TimeProvider time, ILogger logger)
        : base(time)
    {
        this.logger = logger;
        var builder = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        if (string.IsNullOrEmpty(builder.Host) || string.IsNullOrEmpty(builder.Database))
        {
            throw new ArgumentException("The connection string of the job store must name 'Host' and 'Database'.", nameof(options));
        }

        if (builder.MaxAutoPrepare == 0)
        {
            builder.MaxAutoPrepare = PreparedStatements;
            builder.AutoPrepareMinUsages = 2;
        }

        builder.ApplicationName ??= "orchestrator-job-store";
        connectionString = builder.ToString();
        source = NpgsqlDataSource.Create(connectionString);
        runner = new PostgresRunner(source, new PostgresDialect(), options.RetryFor, logger);
        groups = new PostgresGroupCommit(runner, time);
    }

    public override Task InitializeAsync(CancellationToken cancellationToken) =>
        runner.RetryAsync(
            async _ =>
            {
                await PostgresSchema.UpgradeAsync(source, connectionString, logger, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public override Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken)
    {
        Inputs.Check(batch);
        return batch.IsEmpty ? Task.FromResult(new ShardBatchResult([], [], [])) : groups.ApplyAsync(batch, cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await groups.DisposeAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
    }

    protected override Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> read, CancellationToken cancellationToken) =>
        runner.ReadAsync(read, cancellationToken);

    protected override Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> write, CancellationToken cancellationToken) =>
        runner.WriteAsync(write, cancellationToken);
}
