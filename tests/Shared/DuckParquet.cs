using DuckDB.NET.Data;

namespace Orchestrator.Tests.Shared;

/// <summary>Writes Parquet with DuckDB, which shares no code with the reader under test.</summary>
internal static class DuckParquet
{
    /// <summary>Writes the rows of a query.</summary>
    /// <param name="path">The file.</param>
    /// <param name="query">A SELECT or VALUES.</param>
    /// <param name="groupRows">Rows of a row group; DuckDB rounds to its vectors of 2,048.</param>
    public static void Write(string path, string query, int groupRows = 100_000)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"COPY ({query}) TO '{path.Replace("'", "''", StringComparison.Ordinal)}' (FORMAT parquet, ROW_GROUP_SIZE {groupRows})";
        command.ExecuteNonQuery();
    }
}
