using System.Globalization;
using System.Text.Json;
using Orchestrator.Api.Jobs;

namespace Orchestrator.Cli.Commands;

/// <summary>An evaluation's result as a table: a row a method and way of sampling. Speed is shown as a rank only where the output is proved unchanged.</summary>
internal static class EvaluationTable
{
    public static void Print(Streams streams, JsonElement result)
    {
        var rows = EvaluationRow.Of(result);
        Tables.Print(streams, ["method", "sampling", "#MAT", "#accepted", "#coverage", "#speedup", "95 % interval", "output"], rows.Select(Fields));
        if (rows.Count(row => !row.Ranked) is > 0 and var lossy)
        {
            streams.Out.WriteLine($"{lossy} cells are lossy, broken or unproven: no speed is ranked for them (their ratio stands in brackets)");
        }
    }

    private static string[] Fields(EvaluationRow row) =>
    [
        row.Method,
        row.Sampling,
        Number(row.Mat, "F2"),
        Number(row.Accepted, "P0"),
        Number(row.Coverage, "P0"),
        row.Ranked || row.Speedup is null ? Number(row.Speedup?.Estimate, "F2") : $"[{Number(row.Speedup.Estimate, "F2")}]",
        row.Speedup is { Low: { } low, High: { } high } ? $"{Number(low, "F2")} to {Number(high, "F2")}" : "",
        row.Verdict,
    ];

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
