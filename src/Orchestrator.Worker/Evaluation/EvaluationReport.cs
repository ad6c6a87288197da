using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// <c>report/index.html</c> of an evaluation: speed of what is proved lossless, apart from it what is lossy or unproven,
/// acceptance by position and category, where the time goes, and why a high acceptance may not be fast. One file, no script, no
/// request; everything that comes from documents or prompts is encoded.
/// </summary>
internal static partial class EvaluationReport
{
    private const string Style =
        """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
        .scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .75rem;text-align:left;border-bottom:1px solid #8884;white-space:nowrap}td:first-child{white-space:normal;min-width:17rem}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}pre{overflow:auto;padding:1rem;border:1px solid #8884;border-radius:.5rem}
        .bar{display:flex;height:1rem;width:16rem;border-radius:.25rem;overflow:hidden}.bar i{display:block}
        .d{background:#5f7fd0}.v{background:#2e9e5b}.a{background:#c98a1b}.c{background:#8a5fd0}.h{background:#8888}.bad{color:#c0483f;font-weight:600}.ok{color:#2e9e5b}
        .spark{display:inline-flex;align-items:flex-end;height:2rem;gap:1px}.spark i{display:block;width:.7rem;background:#5f7fd0}
        """;

    public static byte[] Write(EvaluationDocument document, IReadOnlyList<CellResult> cells, IReadOnlyList<(DeviceFingerprint Device, VerifyCurve Curve)> curves)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Append($"<title>Evaluation: {Text(document.Name)}</title><style>{Style}</style></head><body><h1>Evaluation: {Text(document.Name)}</h1>");
        html.Append($"<p>Target <strong>{Text(document.Target)}</strong>, {cells.Count} cells, {Whole(cells.Sum(c => c.Tally.Requests.Count))} generations");
        var failed = cells.Sum(c => c.Tally.Requests.Count(r => r.Outcome != RequestOutcome.Ok));
        html.Append(failed == 0 ? ", none failed.</p>" : $", <span class=\"bad\">{Whole(failed)} failed</span> (they are no data; see coverage).</p>");
        if (cells.Max(c => c.PromptsCut) is > 0 and var cut)
        {
            html.Append($"<p>{Whole(cut)} of {Whole(cells.Max(c => c.Tally.Requests.Count))} prompts were longer than the target's context and lost their beginning ({Whole(cells.Max(c => c.PromptTokensCut))} tokens).</p>");
        }

        foreach (var sampling in cells.GroupBy(cell => cell.Cell.Sampling))
        {
            html.Append($"<h2>{Text(Describe(sampling.Key))}</h2>");
            Ranked(html, [.. sampling]);
            Apart(html, [.. sampling]);
            Positions(html, [.. sampling]);
            Categories(html, [.. sampling]);
            Time(html, [.. sampling]);
            Divergences(html, [.. sampling]);
            Certificates(html, [.. sampling]);
            Predictions(html, [.. sampling]);
        }

        Explain(html, cells);
        Curves(html, curves);
        var json = EvaluationParser.ToJson(document);
        json.Remove("output");
        html.Append("<h2>Make it again</h2><p>Submit this document; the same prompts and models give the same acceptance figures on any number of workers.</p>");
        html.Append($"<pre>{Text(json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }))}</pre></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void Ranked(StringBuilder html, List<CellResult> cells)
    {
        var ranked = cells.Where(c => c.Verdict.MayRank && c.Cell.Method is not BaselineOptions)
            .OrderByDescending(c => c.Speed?.Pooled.Estimate ?? double.NegativeInfinity).ThenByDescending(c => c.Overall.MatPooled);
        Table(
            html,
            "Lossless methods",
            ["method", "#speedup", "#95 % interval", "#tokens a step (MAT)", "#MAT per request", "#accepted of drafted", "#coverage", "output"],
            ranked.Select(c => new[]
            {
                Name(c), Fixed(c.Speed?.Pooled.Estimate), Interval(c.Speed), Fixed(c.Overall.MatPooled), Fixed(c.Overall.MatPerRequest),
                Percent(c.Overall.AcceptanceOfDrafted), Percent(c.Overall.Coverage), $"{c.Verdict.Name}: {c.Verdict.Reason}",
            }));
        if (cells.FirstOrDefault(c => c.Speed is not null) is { BaselineSpeed: { } baseline, Device: { } device })
        {
            html.Append($"<p>Baseline: {Fixed(CellMetrics.Of(baseline).Timing.TokensPerSecond)} tokens/s of decoding on {Text(device.Processor)} ({device.Cores} logical cores, {Text(device.Provider)}, ONNX Runtime {Text(device.OnnxRuntime)}). Each speedup is measured against baseline runs between its own, prompt by prompt.</p>");
        }
    }

    private static void Apart(StringBuilder html, List<CellResult> cells) => Table(
        html,
        "Not ranked: lossy, broken or unproven",
        ["method", "verdict", "why", "#tokens a step (MAT)", "#speed ratio"],
        cells.Where(c => !c.Verdict.MayRank).Select(c => new[] { Name(c), c.Verdict.Name, c.Verdict.Reason, Fixed(c.Overall.MatPooled), c.Verdict.Kind == LosslessnessKind.Lossy ? Fixed(c.Speed?.Pooled.Estimate) : "withheld" }));

    private static void Positions(StringBuilder html, List<CellResult> cells)
    {
        html.Append("<h3>Acceptance by position</h3><div class=\"scroll\"><table><tr><th>method</th><th>accepted a step, 0 to most</th><th>given the one before</th></tr>");
        foreach (var cell in cells.Where(c => c.Overall.Drafted > 0))
        {
            var most = Math.Max(1, cell.Overall.Histogram.DefaultIfEmpty(1).Max());
            html.Append($"<tr><td>{Text(Name(cell))}</td><td><span class=\"spark\" role=\"img\" aria-label=\"{Text(string.Join(", ", cell.Overall.Histogram.Select((n, i) => $"{i}: {n}")))}\">");
            foreach (var count in cell.Overall.Histogram)
            {
                html.Append(CultureInfo.InvariantCulture, $"<i style=\"height:{100.0 * count / most:F0}%\"></i>");
            }

            html.Append($"</span></td><td>{Text(string.Join("  ", cell.Overall.Conditional.Take(8).Select(x => Fixed(x))))}</td></tr>");
        }

        html.Append("</table></div>");
    }

    private static void Categories(StringBuilder html, List<CellResult> cells)
    {
        var categories = cells[0].Categories;
        Table(
            html,
            "Tokens a step by category",
            ["method", .. categories.Select(c => $"#{c}")],
            cells.Where(c => c.Cell.Method is not BaselineOptions).Select(cell => (string[])[Name(cell), .. categories.Select(category => Fixed(cell.Of(category).MatPooled))]));
    }

    private static void Time(StringBuilder html, List<CellResult> cells)
    {
        var measured = cells.Where(c => c.MethodSpeed is not null).ToList();
        if (measured.Count == 0)
        {
            return;
        }

        html.Append("<h3>Where a step's time goes</h3><p><span class=\"d\">&emsp;</span> draft <span class=\"v\">&emsp;</span> verify <span class=\"a\">&emsp;</span> accept <span class=\"c\">&emsp;</span> cache <span class=\"h\">&emsp;</span> host</p>");
        html.Append("<div class=\"scroll\"><table><tr><th>method</th><th class=\"n\">µs a step</th><th></th><th class=\"n\">overhead over a baseline step</th></tr>");
        foreach (var cell in measured)
        {
            var timing = CellMetrics.Of(cell.MethodSpeed!).Timing;
            html.Append($"<tr><td>{Text(Name(cell))}</td><td class=\"n\">{Fixed(timing.MicrosecondsPerStep, 0)}</td><td><span class=\"bar\">");
            foreach (var (style, part) in (ReadOnlySpan<(string, long)>)[("d", timing.DraftMicroseconds), ("v", timing.VerifyMicroseconds), ("a", timing.AcceptMicroseconds), ("c", timing.CacheMicroseconds), ("h", timing.HostMicroseconds)])
            {
                html.Append(CultureInfo.InvariantCulture, $"<i class=\"{style}\" style=\"flex:{part}\"></i>");
            }

            html.Append($"</span></td><td class=\"n\">{Fixed(cell.Speed?.Overhead)}</td></tr>");
        }

        html.Append("</table></div>");
    }

    private static void Divergences(StringBuilder html, List<CellResult> cells) => Table(
        html,
        "Outputs that part from the baseline's",
        ["method", "prompt", "#turn", "#first differing token", "#margin of the target there", "class"],
        cells.SelectMany(cell => cell.Near.Select(near => new[]
        {
            Name(cell), near.Key.Prompt, Whole(near.Key.Turn), Whole(near.Outcome.Divergence), near.Outcome.Margin.ToString("G3", CultureInfo.InvariantCulture), near.Outcome.Kind.ToString(),
        })));

    /// <summary>The question that a table of acceptance and speed leaves open, answered from the figures.</summary>
    private static void Explain(StringBuilder html, IReadOnlyList<CellResult> cells)
    {
        var slow = cells.Where(c => c.Speed is { } speed && speed.Pooled.High < 1 && c.Overall.MatPooled > 1.2).ToList();
        if (slow.Count == 0)
        {
            return;
        }

        html.Append("<h2>High acceptance, yet slower than the baseline</h2><ul>");
        foreach (var cell in slow)
        {
            var timing = CellMetrics.Of(cell.MethodSpeed!).Timing;
            var parts = new (string What, long Part)[] { ("drafting", timing.DraftMicroseconds), ("the target's wider forward", timing.VerifyMicroseconds), ("verifying", timing.AcceptMicroseconds), ("moving the cache", timing.CacheMicroseconds), ("the loop itself", timing.HostMicroseconds) };
            var largest = parts.MaxBy(p => p.Part);
            html.Append($"<li><strong>{Text(Name(cell))}</strong> ({Text(Describe(cell.Cell.Sampling))}): {Fixed(cell.Overall.MatPooled)} tokens a step, but a step costs {Fixed(cell.Speed!.Overhead)} baseline steps; speedup is their ratio. Most of it is {Text(largest.What)} ({Percent((double)largest.Part / timing.DecodeMicroseconds)}).</li>");
        }

        html.Append("</ul>");
    }

    private static string Name(CellResult cell)
    {
        var json = cell.Cell.Method.ToJson();
        json.Remove("type");
        var options = json.Where(p => p.Value is not null && p.Value.GetValueKind() is not (JsonValueKind.Null or JsonValueKind.False)).Select(p => $"{p.Key} {p.Value!.ToJsonString().Trim('"')}");
        return $"{cell.Cell.Method.Type} {string.Join(", ", options)}".TrimEnd();
    }

    private static string Describe(SamplingCell sampling)
    {
        var o = sampling.Options;
        return o.IsGreedy ? "Greedy (temperature 0)" : string.Create(
            CultureInfo.InvariantCulture, $"Temperature {o.Temperature}{(o.TopK > 0 ? $", top-k {o.TopK}" : "")}{(o.TopP < 1 ? $", top-p {o.TopP}" : "")}{(o.RepetitionPenalty != 1 ? $", repetition penalty {o.RepetitionPenalty}" : "")}");
    }

    private static void Table(StringBuilder html, string title, string[] heads, IEnumerable<string[]> rows)
    {
        var body = rows.ToList();
        if (body.Count == 0)
        {
            return;
        }

        html.Append($"<h3>{Text(title)}</h3><div class=\"scroll\"><table><tr>");
        foreach (var head in heads)
        {
            html.Append(head.StartsWith('#') ? $"<th class=\"n\">{Text(head[1..])}</th>" : $"<th>{Text(head)}</th>");
        }

        html.Append("</tr>");
        foreach (var row in body)
        {
            html.Append("<tr>");
            for (var i = 0; i < row.Length; i++)
            {
                html.Append(heads[i].StartsWith('#') ? $"<td class=\"n\">{Text(row[i])}</td>" : $"<td{(row[i] is "BROKEN" ? " class=\"bad\"" : "")}>{Text(row[i])}</td>");
            }

            html.Append("</tr>");
        }

        html.Append("</table></div>");
    }

    private static string Interval(SpeedComparison? speed) => speed is null ? "–" : $"{Fixed(speed.Pooled.Low)} to {Fixed(speed.Pooled.High)}";

    private static string Fixed(double? value, int digits = 2) => value is { } v && double.IsFinite(v) ? v.ToString($"F{digits}", CultureInfo.InvariantCulture) : "–";

    private static string Percent(double value) => double.IsFinite(value) ? value.ToString("P1", CultureInfo.InvariantCulture) : "–";

    private static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
