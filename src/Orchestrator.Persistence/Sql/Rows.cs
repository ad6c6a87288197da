using System.Data.Common;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Reads columns by position.</summary>
internal static class Rows
{
    public static string? TextOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>SQLite keeps milliseconds since 1970, PostgreSQL a timestamptz.</summary>
    public static DateTimeOffset Time(this DbDataReader row, int column) => row.GetValue(column) switch
    {
        long milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
        DateTime utc => new DateTimeOffset(utc, TimeSpan.Zero),
        var other => throw new InvalidOperationException($"Column '{row.GetName(column)}' holds {other.GetType()}, not a time."),
    };

    public static DateTimeOffset? TimeOrNull(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static JobId Job(this DbDataReader row, int column) => JobId.Parse(row.GetString(column));
}
