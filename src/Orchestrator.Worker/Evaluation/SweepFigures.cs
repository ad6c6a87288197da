using System.Text.Json.Nodes;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Cells that differ in γ alone, with the γ that was fastest among those measured and the one that the cost curve predicts.</summary>
internal static class SweepFigures
{
    private const string Gamma = "gamma";

    /// <summary>A sweep over γ.</summary>
    /// <param name="Method">The method without γ.</param>
    /// <param name="Cells">Its cells with a measured speed, by γ.</param>
    public sealed record GammaSweep(JsonObject Method, IReadOnlyList<(int Gamma, CellResult Cell)> Cells)
    {
        /// <summary>The fastest measured.</summary>
        public (int Gamma, CellResult Cell) Best => Cells.MaxBy(c => c.Cell.Speed!.Pooled.Estimate);

        /// <summary>γ that the curve predicts from the acceptance of the longest draft, which shows most positions.</summary>
        public int? Predicted => Cells[^1].Cell.Prediction is { BestGamma: >= 0 } p ? p.BestGamma : null;
    }

    /// <summary>All sweeps of at least two γ.</summary>
    public static IReadOnlyList<GammaSweep> Of(IEnumerable<CellResult> cells) =>
    [
        .. cells.Where(c => c.Speed is not null && c.Cell.Method.ToJson().ContainsKey(Gamma))
            .Select(c => (Cell: c, Json: c.Cell.Method.ToJson()))
            .Select(c => (c.Cell, Gamma: (int)c.Json[Gamma]!, Others: Without(c.Json)))
            .GroupBy(c => (c.Cell.Cell.Sampling, c.Others.ToJsonString()))
            .Where(group => group.Count() > 1)
            .Select(group => new GammaSweep(group.First().Others, [.. group.Select(c => (c.Gamma, c.Cell)).OrderBy(c => c.Gamma)])),
    ];

    /// <summary>As they stand in <c>result.json</c>.</summary>
    public static JsonArray ToJson(IEnumerable<CellResult> cells) => new([.. Of(cells).Select(sweep => (JsonNode)new JsonObject
    {
        ["method"] = sweep.Method,
        ["temperature"] = sweep.Cells[0].Cell.Cell.Sampling.Options.Temperature,
        ["measured"] = new JsonArray([.. sweep.Cells.Select(c => (JsonNode)new JsonObject { ["gamma"] = c.Gamma, ["speedup"] = c.Cell.Speed!.Pooled.Estimate })]),
        ["fastestGamma"] = sweep.Best.Gamma,
        ["predictedGamma"] = sweep.Predicted,
    })]);

    private static JsonObject Without(JsonObject method)
    {
        method.Remove(Gamma);
        return method;
    }
}
