using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Api.Jobs;

/// <summary>A cell of an evaluation's <c>result.json</c>, as tables show it: one method under one way of sampling.</summary>
/// <param name="Method">Type and the options that tell cells apart, for example <c>draft-model lm-draft-demo gamma=4</c>.</param>
/// <param name="Sampling">For example <c>T=0.8 topP=0.95</c>.</param>
/// <param name="Mat">Mean tokens emitted a round, pooled, at least 1; null without data.</param>
/// <param name="Accepted">Share of the drafted tokens that were accepted, in [0, 1]; null for the baseline and without data.</param>
/// <param name="Coverage">Share of the requests that ended well, in [0, 1].</param>
/// <param name="Speedup">Against the baseline interleaved in the same process; null where the cell has no speed lane.</param>
/// <param name="Ranked">False where the output is lossy, broken or unproven: its speedup is no rank.</param>
/// <param name="Verdict">What became of the output: identical, near-tie, exact, lossy, BROKEN.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record EvaluationRow(
    string Method, string Sampling, double? Mat, double? Accepted, double? Coverage, SpeedupInterval? Speedup, bool Ranked, string Verdict, string Reason)
{
    private static readonly HashSet<string> Telling = new(StringComparer.Ordinal)
    {
        "type", "draft", "head", "heads", "module", "datastore", "gamma", "adaptive", "branching", "tree", "verifier", "acceptance", "layer", "depth", "window", "ngram",
    };

    /// <summary>The cells in the order of the file; what a file of another version lacks is null or empty.</summary>
    public static IReadOnlyList<EvaluationRow> Of(JsonElement result) =>
        result.TryGetProperty("cells", out var cells) && cells.ValueKind == JsonValueKind.Array ? [.. cells.EnumerateArray().Select(Read)] : [];

    private static EvaluationRow Read(JsonElement cell)
    {
        var (overall, losslessness) = (Child(cell, "overall"), Child(cell, "losslessness"));
        var speedup = Child(Child(cell, "speed"), "speedup");
        return new(
            NameOf(Child(cell, "method")),
            SamplingOf(Child(cell, "sampling")),
            Number(overall, "mat"),
            Number(overall, "drafted") is > 0 ? Number(overall, "acceptanceOfDrafted") : null,
            Number(overall, "coverage"),
            Number(speedup, "estimate") is { } estimate ? new(estimate, Number(speedup, "low"), Number(speedup, "high")) : null,
            Child(losslessness, "mayRank").ValueKind == JsonValueKind.True,
            Text(losslessness, "verdict"),
            Text(losslessness, "reason"));
    }

    private static string NameOf(JsonElement method) => method.ValueKind != JsonValueKind.Object ? "" : string.Join(' ', method.EnumerateObject()
        .Where(p => Telling.Contains(p.Name) && p.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
        .Select(p => p.Name == "type" || p.Value.ValueKind == JsonValueKind.String ? p.Value.ToString() : p.Value.ValueKind == JsonValueKind.True ? p.Name : $"{p.Name}={p.Value}"));

    private static string SamplingOf(JsonElement sampling)
    {
        var text = $"T={(Number(sampling, "temperature") ?? 0).ToString("0.##", CultureInfo.InvariantCulture)}";
        text += Number(sampling, "topK") is { } k and > 0 ? $" topK={k.ToString(CultureInfo.InvariantCulture)}" : "";
        return text + (Number(sampling, "topP") is { } p and < 1 and > 0 ? $" topP={p.ToString("0.###", CultureInfo.InvariantCulture)}" : "");
    }

    private static JsonElement Child(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var child) ? child : default;

    private static double? Number(JsonElement json, string name) => Child(json, name) is { ValueKind: JsonValueKind.Number } n ? n.GetDouble() : null;

    private static string Text(JsonElement json, string name) => Child(json, name) is { ValueKind: JsonValueKind.String } s ? s.GetString()! : "";
}

/// <summary>Ratio of the method's speed to the baseline's, with its 95 % paired-bootstrap interval where there were enough pairs.</summary>
public sealed record SpeedupInterval(double Estimate, double? Low, double? High);
