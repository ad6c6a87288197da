using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Cli.Commands;

/// <summary>An evaluation's result as a table: a row a method and way of sampling. Speed is shown as a rank only where the output is proved unchanged.</summary>
internal static class EvaluationTable
{
    public static void Print(Streams streams, JsonElement result)
    {
        Tables.Print(
            streams,
            ["method", "sampling", "#MAT", "#accepted", "#coverage", "#speedup", "95 % interval", "output"],
            result.GetProperty("cells").EnumerateArray().Select(Row));
        var lossy = result.GetProperty("cells").EnumerateArray().Count(cell => !cell.GetProperty("losslessness").GetProperty("mayRank").GetBoolean());
        if (lossy > 0)
        {
            streams.Out.WriteLine($"{lossy} cells are lossy, broken or unproven: no speed is ranked for them (their ratio stands in brackets)");
        }
    }

    private static string[] Row(JsonElement cell)
    {
        var (overall, losslessness, sampling) = (cell.GetProperty("overall"), cell.GetProperty("losslessness"), cell.GetProperty("sampling"));
        var speed = cell.GetProperty("speed");
        var ranked = losslessness.GetProperty("mayRank").GetBoolean();
        var speedup = speed.ValueKind == JsonValueKind.Object ? speed.GetProperty("speedup") : default;
        var ratio = speedup.ValueKind == JsonValueKind.Object ? Number(speedup.GetProperty("estimate"), "F2") : "-";
        return
        [
            NameOf(cell.GetProperty("method")),
            $"T={Number(sampling.GetProperty("temperature"), "0.##")}",
            Number(overall.GetProperty("mat"), "F2"),
            Number(overall.GetProperty("acceptanceOfDrafted"), "P0"),
            Number(overall.GetProperty("coverage"), "P0"),
            ranked || ratio == "-" ? ratio : $"[{ratio}]",
            speedup.ValueKind == JsonValueKind.Object ? $"{Number(speedup.GetProperty("low"), "F2")} to {Number(speedup.GetProperty("high"), "F2")}" : "",
            losslessness.GetProperty("verdict").GetString()!,
        ];
    }

    private static string NameOf(JsonElement method) => string.Join(
        ' ',
        method.EnumerateObject()
            .Where(p => p.Name == "type" || p.Name is "draft" or "head" or "heads" or "module" or "datastore" or "gamma" or "tree" or "verifier" or "acceptance" or "layer" or "depth" or "window" or "ngram")
            .Select(p => p.Name == "type" || p.Value.ValueKind == JsonValueKind.String ? p.Value.ToString() : $"{p.Name}={p.Value}"));

    private static string Number(JsonElement value, string format) =>
        value.ValueKind == JsonValueKind.Number ? value.GetDouble().ToString(format, CultureInfo.InvariantCulture) : "-";
}
