using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// <c>acceptance.json</c> (counts and shares only: the same bytes for any number of workers), <c>result.json</c> (that and
/// speed) and <c>result.csv</c> (a row a cell and category). A figure without data is null, never 0.
/// </summary>
internal static class ResultFiles
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static byte[] Acceptance(EvaluationDocument document, IReadOnlyList<CellResult> cells) =>
        Bytes(new JsonObject { ["target"] = document.Target, ["cells"] = new JsonArray([.. cells.Select(cell => (JsonNode)AcceptanceOf(cell))]) });

    public static byte[] Result(EvaluationDocument document, IReadOnlyList<CellResult> cells, IReadOnlyList<(DeviceFingerprint Device, VerifyCurve Curve)> curves)
    {
        var list = new JsonArray();
        foreach (var cell in cells)
        {
            var json = AcceptanceOf(cell);
            json["speed"] = SpeedOf(cell, document.Seed);
            json["prediction"] = PredictionOf(cell);
            list.Add(json);
        }

        var evaluation = EvaluationParser.ToJson(document);
        evaluation.Remove("output");
        var devices = new JsonArray([.. curves.Select(c => (JsonNode)new JsonObject
        {
            ["device"] = JsonSerializer.SerializeToNode(c.Device, JsonSerializerOptions.Web),
            ["curve"] = new JsonObject { ["context"] = c.Curve.Context, ["repeats"] = c.Curve.Repeats, ["microseconds"] = List(c.Curve.Microseconds) },
        })]);
        return Bytes(new JsonObject { ["document"] = evaluation, ["cells"] = list, ["devices"] = devices, ["sweeps"] = SweepFigures.ToJson(cells) });
    }

    public static byte[] Csv(EvaluationDocument document, IReadOnlyList<CellResult> cells)
    {
        var csv = new StringBuilder("cell,method,temperature,top_k,top_p,category,requests,coverage,steps,tokens,mat,mat_per_request,drafted,evaluated,accepted,acceptance_of_drafted,acceptance_of_evaluated,losslessness,speedup,speedup_low,speedup_high,tokens_per_second,baseline_tokens_per_second\n");
        foreach (var cell in cells)
        {
            Row(cell, "overall", cell.Overall, cell.Speed, cell.BaselineSpeed, cell.MethodSpeed);
            foreach (var category in cell.Categories)
            {
                Row(cell, category, cell.Of(category), cell.SpeedOf(category, document.Seed), cell.BaselineSpeed?.OfCategory(category), cell.MethodSpeed?.OfCategory(category));
            }
        }

        return Encoding.UTF8.GetBytes(csv.ToString());

        void Row(CellResult cell, string category, CellMetrics m, SpeedComparison? speed, CellTally? baseline, CellTally? method)
        {
            var sampling = cell.Cell.Sampling.Options;
            string[] fields =
            [
                cell.Cell.Id, cell.Cell.Method.Type, Number(sampling.Temperature), Number(sampling.TopK), Number(sampling.TopP), Quoted(category),
                Number(m.Requests), Number(m.Coverage), Number(m.Steps), Number(m.Tokens), Number(m.MatPooled), Number(m.MatPerRequest),
                Number(m.Drafted), Number(m.Evaluated), Number(m.Accepted), Number(m.AcceptanceOfDrafted), Number(m.AcceptanceOfEvaluated), cell.Verdict.Name,
                Number(speed?.Pooled.Estimate), Number(speed?.Pooled.Low), Number(speed?.Pooled.High),
                Number(method is null ? null : CellMetrics.Of(method).Timing.TokensPerSecond), Number(baseline is null ? null : CellMetrics.Of(baseline).Timing.TokensPerSecond),
            ];
            csv.AppendJoin(',', fields).Append('\n');
        }
    }

    private static JsonObject AcceptanceOf(CellResult cell)
    {
        var sampling = EvaluationParser.ToJson(cell.Cell.Sampling);
        var json = new JsonObject
        {
            ["id"] = cell.Cell.Id,
            ["method"] = cell.Cell.Method.ToJson(),
            ["sampling"] = sampling,
            ["losslessness"] = new JsonObject
            {
                ["verdict"] = cell.Verdict.Name,
                ["reason"] = cell.Verdict.Reason,
                ["mayRank"] = cell.Verdict.MayRank,
                ["divergences"] = new JsonArray([.. cell.Near.Select(near => (JsonNode)new JsonObject
                {
                    ["prompt"] = near.Key.Prompt, ["turn"] = near.Key.Turn, ["sample"] = near.Key.Sample,
                    ["kind"] = JsonNamingPolicy.KebabCaseLower.ConvertName(near.Outcome.Kind.ToString()), ["token"] = near.Outcome.Divergence, ["margin"] = Finite(near.Outcome.Margin),
                })]),
                ["oneStep"] = OneStepOf(cell),
                ["statistical"] = StatisticalOf(cell),
            },
            ["promptsCut"] = new JsonObject { ["requests"] = cell.PromptsCut, ["tokens"] = cell.PromptTokensCut },
            ["acceptanceByRank"] = List(cell.Observed.AcceptanceByRank),
            ["overall"] = Metrics(cell.Overall),
        };
        json["categories"] = new JsonObject(cell.Categories.Select(category => KeyValuePair.Create(category, (JsonNode?)Metrics(cell.Of(category)))));
        json["aliases"] = new JsonArray([.. MetricAliases.Of(cell.Overall).Select(alias => (JsonNode)new JsonObject
        {
            ["system"] = alias.System, ["name"] = alias.Name, ["value"] = Finite(alias.Value),
        })]);
        return json;
    }

    /// <summary>Teacher-forced laws of the next token on the real models; null where no round has a closed form.</summary>
    private static JsonObject? OneStepOf(CellResult cell) => cell.Observed.Positions == 0 ? null : new()
    {
        ["rounds"] = cell.Observed.Positions,
        ["meanTotalVariation"] = Finite(cell.Observed.MeanTotalVariation),
        ["largestTotalVariation"] = Finite(cell.Observed.Largest),
        ["meanDivergenceNats"] = Finite(cell.Observed.MeanDivergence),
        ["expectedFirstAcceptance"] = Finite(cell.Observed.MeanOverlap),
    };

    private static JsonObject? StatisticalOf(CellResult cell) => cell.Statistical is not { } s ? null : new()
    {
        ["prompt"] = s.Prompt,
        ["temperature"] = s.Sampling.Temperature,
        ["topK"] = s.Sampling.TopK,
        ["topP"] = s.Sampling.TopP,
        ["tokens"] = s.Tokens,
        ["prefixes"] = s.Prefixes,
        ["draws"] = Finite(s.Test.Fit.Samples),
        ["statistic"] = Finite(s.Test.Fit.Statistic),
        ["degreesOfFreedom"] = s.Test.Fit.DegreesOfFreedom,
        ["pValue"] = Finite(s.Test.Fit.PValue),
        ["adjustedPValue"] = Finite(s.Test.AdjustedPValue),
        ["rejected"] = s.Test.Rejected,
        ["totalVariation"] = Finite(s.Test.Fit.TotalVariation),
        ["noiseFloor"] = Finite(s.Test.Fit.NoiseFloor),
        ["alpha"] = s.Alpha,
        ["power"] = s.Power,
        ["detectableTotalVariation"] = Finite(s.Test.Fit.DetectableTotalVariation),
    };

    private static JsonObject? PredictionOf(CellResult cell) => cell.Prediction is not { } p ? null : new()
    {
        ["draftMicroseconds"] = Finite(p.DraftMicroseconds),
        ["alpha"] = Finite(p.Alpha),
        ["leviathan"] = p.BestGamma < 0 ? null : new JsonObject { ["expectedTokens"] = Finite(p.LeviathanTokens), ["bestGamma"] = p.LeviathanGamma },
        ["chain"] = p.BestGamma < 0 ? null : new JsonObject
        {
            ["bestGamma"] = p.BestGamma, ["bestSpeedup"] = Finite(p.BestGammaSpeedup), ["expectedSpeedup"] = Finite(p.ExpectedSpeedup), ["measuredSpeedup"] = Finite(cell.Speed?.Pooled.Estimate ?? double.NaN),
        },
        ["tree"] = p.BestTree is not { } tree ? null : new JsonObject
        {
            ["nodes"] = tree.Count + 1, ["depth"] = tree.Depth, ["expectedSpeedup"] = Finite(p.BestTreeSpeedup),
            ["choices"] = new JsonArray([.. tree.Paths.Select(path => (JsonNode)new JsonArray([.. path.Select(rank => (JsonNode)rank)]))]),
        },
    };

    private static JsonObject Metrics(CellMetrics m) => new()
    {
        ["requests"] = m.Requests,
        ["coverage"] = Finite(m.Coverage),
        ["outcomes"] = new JsonObject(m.Outcomes.Where(o => o.Value > 0).Select(o => KeyValuePair.Create(JsonNamingPolicy.KebabCaseLower.ConvertName(o.Key.ToString()), (JsonNode?)o.Value))),
        ["steps"] = m.Steps,
        ["tokens"] = m.Tokens,
        ["mat"] = Finite(m.MatPooled),
        ["matPerRequest"] = Finite(m.MatPerRequest),
        ["histogram"] = new JsonArray([.. m.Histogram.Select(n => (JsonNode)n)]),
        ["acceptanceByPosition"] = new JsonObject { ["marginal"] = List(m.Marginal), ["conditional"] = List(m.Conditional) },
        ["drafted"] = m.Drafted,
        ["evaluated"] = m.Evaluated,
        ["accepted"] = m.Accepted,
        ["acceptanceOfDrafted"] = Finite(m.AcceptanceOfDrafted),
        ["acceptanceOfEvaluated"] = Finite(m.AcceptanceOfEvaluated),
        ["bonuses"] = m.Bonuses,
        ["truncated"] = m.Truncated,
        ["rowsRead"] = m.RowsRead,
    };

    private static JsonNode? SpeedOf(CellResult cell, long seed)
    {
        if (cell.Speed is not { } speed || cell.MethodSpeed is null || cell.BaselineSpeed is null)
        {
            return null;
        }

        return new JsonObject
        {
            ["ranked"] = cell.Verdict.MayRank,
            ["speedup"] = IntervalOf(speed.Pooled),
            ["speedupGeometricMean"] = IntervalOf(speed.GeometricMean),
            ["overhead"] = Finite(speed.Overhead),
            ["pairs"] = speed.Pairs,
            ["unpaired"] = speed.Unpaired,
            ["baseline"] = Timing(cell.BaselineSpeed),
            ["method"] = Timing(cell.MethodSpeed),
            ["categories"] = new JsonObject(cell.Categories.Select(category => KeyValuePair.Create(category, cell.SpeedOf(category, seed) is { } own ? (JsonNode?)IntervalOf(own.Pooled) : null))),
            ["device"] = JsonSerializer.SerializeToNode(cell.Device, JsonSerializerOptions.Web),
        };
    }

    private static JsonObject Timing(CellTally tally)
    {
        var timing = CellMetrics.Of(tally).Timing;
        return new()
        {
            ["tokensPerSecond"] = Finite(timing.TokensPerSecond),
            ["microsecondsPerStep"] = Finite(timing.MicrosecondsPerStep),
            ["prefillMicroseconds"] = timing.PrefillMicroseconds,
            ["draftMicroseconds"] = timing.DraftMicroseconds,
            ["verifyMicroseconds"] = timing.VerifyMicroseconds,
            ["acceptMicroseconds"] = timing.AcceptMicroseconds,
            ["cacheMicroseconds"] = timing.CacheMicroseconds,
            ["hostMicroseconds"] = timing.HostMicroseconds,
        };
    }

    private static JsonObject IntervalOf(Interval interval) => new() { ["estimate"] = Finite(interval.Estimate), ["low"] = Finite(interval.Low), ["high"] = Finite(interval.High) };

    private static JsonArray List(IReadOnlyList<double> values) => new([.. values.Select(Finite)]);

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    private static string Number(double? value) => value is { } v && double.IsFinite(v) ? v.ToString("R", CultureInfo.InvariantCulture) : "";

    private static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static byte[] Bytes(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString(Indented) + "\n");
}
