using Npgsql;

namespace Orchestrator.Persistence.Postgres;

/// <summary>What an error says about trying again and about a commit that was under way.</summary>
internal static class PostgresErrors
{
    /// <summary>The server is away, starting, stopping, full, or chose this transaction to break a deadlock.</summary>
    public static bool IsTransient(NpgsqlException e) =>
        e.IsTransient || (e is PostgresException { SqlState: var state } && IsShutdown(state));

    /// <summary>
    /// True where the server answered a COMMIT with an error, so that it certainly rolled back. A server that was shut down
    /// may have committed before it said so.
    /// </summary>
    public static bool SaysRolledBack(NpgsqlException e) => e is PostgresException { SqlState: var state } && !IsShutdown(state);

    private static bool IsShutdown(string state) =>
        state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow;
}
