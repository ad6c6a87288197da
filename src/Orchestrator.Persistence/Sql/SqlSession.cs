using System.Data.Common;

namespace Orchestrator.Persistence.Sql;

/// <summary>
/// One connection inside one transaction (or one read), with the few calls the statements need. Not for concurrent use.
/// </summary>
/// <param name="connection">Open connection; not owned.</param>
/// <param name="dialect">What differs between the databases.</param>
/// <param name="keepsCommands">True to keep prepared commands for the life of the session (SQLite's writer).</param>
internal sealed class SqlSession(DbConnection connection, SqlDialect dialect, bool keepsCommands) : IDisposable
{
    private readonly Dictionary<string, DbCommand> kept = new(StringComparer.Ordinal);

    public SqlDialect Dialect => dialect;

    public DbConnection Connection => connection;

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var command = Command(sql, parameters);
        try
        {
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Release(command);
        }
    }

    public async Task<List<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T> map, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var command = Command(sql, parameters);
        try
        {
            var rows = new List<T>();
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    rows.Add(map(reader));
                }
            }

            return rows;
        }
        finally
        {
            Release(command);
        }
    }

    /// <summary>The first row, or default where there is none.</summary>
    public async Task<T?> FirstAsync<T>(
        string sql, Func<DbDataReader, T> map, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        var rows = await QueryAsync(sql, map, cancellationToken, parameters).ConfigureAwait(false);
        return rows.Count == 0 ? default : rows[0];
    }

    public void Dispose()
    {
        foreach (var command in kept.Values)
        {
            command.Dispose();
        }

        kept.Clear();
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        if (keepsCommands && kept.TryGetValue(sql, out var known))
        {
            for (var i = 0; i < parameters.Length; i++)
            {
                known.Parameters[i].Value = parameters[i].Value ?? DBNull.Value;
            }

            return known;
        }

        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        if (keepsCommands)
        {
            kept.Add(sql, command);
        }

        return command;
    }

    private void Release(DbCommand command)
    {
        if (!keepsCommands)
        {
            command.Dispose();
        }
    }
}
