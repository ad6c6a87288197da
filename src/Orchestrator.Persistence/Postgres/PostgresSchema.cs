using System.Reflection;
using DbUp;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>Makes or upgrades the tables, one process at a time.</summary>
internal static class PostgresSchema
{
    /// <summary>Any number that nobody else in the database uses: "orchjobs" in ASCII.</summary>
    private const long LockKey = 0x6F7263686A6F6273;

    private const int LockTimeoutSeconds = 120;

    public static async Task UpgradeAsync(NpgsqlDataSource source, string connectionString, ILogger logger, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(source, cancellationToken).ConfigureAwait(false);
        await using (var take = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection) { CommandTimeout = LockTimeoutSeconds, Parameters = { new() { Value = LockKey } } })
        {
            await take.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var ownConnection = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ToString();
            await Task.Run(() => Migration.Run(DeployChanges.To.PostgresqlDatabase(ownConnection), "Postgres", logger), cancellationToken).ConfigureAwait(false);
            await AddMembershipAsync(connection, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await using var release = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = LockKey } } };
            await release.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            throw new InvalidOperationException($"{e.MessageText}. Create the database first, for example with: createdb NAME", e);
        }
    }

    /// <summary>Orleans' membership tables, unless the database has them, by this script or by another.</summary>
    private static async Task AddMembershipAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var look = new NpgsqlCommand("SELECT to_regclass('orleansquery') IS NOT NULL", connection);
        if ((bool)(await look.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
        {
            return;
        }

        var name = $"{typeof(Migration).Namespace}.Membership.Postgres.sql";
        await using var script = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly lacks the resource '{name}'.");
        using var text = new StreamReader(script);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using var create = new NpgsqlCommand(await text.ReadToEndAsync(cancellationToken).ConfigureAwait(false), connection);
        await create.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }
}
