using Microsoft.Data.Sqlite;

namespace Orchestrator.Persistence.Sqlite;

/// <summary>Which of SQLite's result codes are about the file and its disk, not about the statement (sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    private const int Busy = 5, Locked = 6, NoMemory = 7, ReadOnly = 8, InputOutput = 10, Full = 13, CannotOpen = 14;

    public static bool IsUnavailable(SqliteException e) =>
        e.SqliteErrorCode is Busy or Locked or NoMemory or ReadOnly or InputOutput or Full or CannotOpen;
}
