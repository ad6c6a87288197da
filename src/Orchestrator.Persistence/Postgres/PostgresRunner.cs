using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orchestrator.Persistence.Sql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>
/// Runs reads and transactions on pooled connections, and again while the server is away. A transaction is run again only
/// where it is certain that it was not committed.
/// </summary>
internal sealed class PostgresRunner(NpgsqlDataSource source, PostgresDialect dialect, TimeSpan retryFor, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    public Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> read, CancellationToken cancellationToken) =>
        RetryAsync(
            async _ =>
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                using var session = new SqlSession(connection, dialect, keepsCommands: false);
                return await read(session).ConfigureAwait(false);
            },
            cancellationToken);

    public Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> write, CancellationToken cancellationToken) =>
        RetryAsync(
            async attempt =>
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                using var session = new SqlSession(connection, dialect, keepsCommands: false);
                var result = await write(session).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                attempt.Committing = true;
                // Not to be cancelled: a commit broken off in the middle would leave its outcome unknown.
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return result;
            },
            cancellationToken);

    /// <summary>Runs something once more after each transient error until <see cref="JobStoreOptions.RetryFor"/> has passed.</summary>
    public async Task<T> RetryAsync<T>(Func<Attempt, Task<T>> run, CancellationToken cancellationToken)
    {
        // Back-off is about the network, not about the jobs, so it runs on the machine's clock and not on the store's.
        var begun = TimeProvider.System.GetTimestamp();
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            var attempt = new Attempt();
            try
            {
                return await run(attempt).ConfigureAwait(false);
            }
            catch (NpgsqlException e) when (attempt.Committing && !PostgresErrors.SaysRolledBack(e))
            {
                throw new StoreUnavailableException(
                    $"The connection to PostgreSQL was lost during a commit, which may or may not have happened: {e.Message}", true, e);
            }
            catch (NpgsqlException e) when (PostgresErrors.IsTransient(e))
            {
                if (TimeProvider.System.GetElapsedTime(begun) + delay > retryFor)
                {
                    throw new StoreUnavailableException($"PostgreSQL did not answer within {retryFor.TotalSeconds:0.#} s of trying: {e.Message}", false, e);
                }

                logger.LogWarning("PostgreSQL: {Error}; trying again.", e.Message);
            }

            // Half fixed, half chance, so that processes which failed together do not come back together.
            await Task.Delay(delay * (0.5 + (Random.Shared.NextDouble() / 2)), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How far one run got.</summary>
    public sealed class Attempt
    {
        public bool Committing { get; set; }
    }
}
