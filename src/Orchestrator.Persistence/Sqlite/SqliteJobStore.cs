using DbUp;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Sqlite;

/// <summary>
/// The job store in one SQLite file, for one process: write-ahead log, every commit synced to disk, one writer thread,
/// readers beside it on pooled connections.
/// </summary>
internal sealed class SqliteJobStore : SqlJobStore
{
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly string connectionString;
    private readonly SqliteDialect dialect = new();
    private readonly SemaphoreSlim starting = new(1, 1);
    private SqliteWriter? writer;
    private bool disposed;

    /// <exception cref="ArgumentException">The connection string does not name a file.</exception>
    public SqliteJobStore(JobStoreOptions options, TimeProvider time, ILogger logger)
        : base(time)
    {
        this.time = time;
        this.logger = logger;
        var builder = new SqliteConnectionStringBuilder(options.ConnectionString) { Pooling = true };
        if (builder.DataSource.Length == 0 || builder.DataSource == ":memory:" || builder.Mode == SqliteOpenMode.Memory)
        {
            throw new ArgumentException(
                "The job store needs a file: set the connection string to 'Data Source=FILE'. A database in memory would not survive the process.", nameof(options));
        }

        builder.DataSource = Path.GetFullPath(builder.DataSource);
        connectionString = builder.ToString();
    }

    public override async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            writer ??= await Task.Run(Start, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            starting.Release();
        }
    }

    public override Task<ShardBatchResult> ApplyAsync(ShardBatch batch, CancellationToken cancellationToken)
    {
        Inputs.Check(batch);
        if (batch.IsEmpty)
        {
            return Task.FromResult(new ShardBatchResult([], [], []));
        }

        return WriteAsync(
            async s =>
            {
                var workspace = await dialect.LoadAsync(s, [batch], time.Now(), CancellationToken.None).ConfigureAwait(false);
                var result = workspace.Apply(batch);
                await dialect.SaveAsync(s, workspace, CancellationToken.None).ConfigureAwait(false);
                return result;
            },
            cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await starting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            if (writer is not null)
            {
                await writer.DisposeAsync().ConfigureAwait(false);
                using var pooled = new SqliteConnection(connectionString);
                SqliteConnection.ClearPool(pooled);
            }
        }
        finally
        {
            starting.Release();
        }
    }

    protected override Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> read, CancellationToken cancellationToken) =>
        // SQLite answers on the calling thread; a grain's turn must not wait for a scan of 100,000 rows.
        Task.Run(
            async () =>
            {
                try
                {
                    using var connection = new SqliteConnection(connectionString);
                    connection.Open();
                    using var session = new SqlSession(connection, dialect, keepsCommands: false);
                    return await read(session).ConfigureAwait(false);
                }
                catch (SqliteException e) when (SqliteErrors.IsUnavailable(e))
                {
                    throw new StoreUnavailableException($"The job store cannot be read: {e.Message}", false, e);
                }
            },
            cancellationToken);

    protected override Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> write, CancellationToken cancellationToken) =>
        (Volatile.Read(ref writer) ?? throw new InvalidOperationException($"Call {nameof(InitializeAsync)} first."))
            .RunAsync(write, cancellationToken);

    private SqliteWriter Start()
    {
        var file = new SqliteConnectionStringBuilder(connectionString).DataSource;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Pooling = false }.ToString());
        try
        {
            connection.Open();
            // FULL syncs the log at every commit: an acknowledged write survives a power cut, not only the end of the process.
            using (var pragma = connection.CreateCommand())
            {
                pragma.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;";
                pragma.ExecuteNonQuery();
            }

            Migration.Run(DeployChanges.To.SqliteDatabase(connectionString), "Sqlite", logger);
            return new SqliteWriter(connection, dialect);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
