using System.Globalization;
using System.Text;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents.Methods;

namespace Orchestrator.Worker.Evaluation;

/// <summary>The report's certificates on real models, and what a device's cost curve predicts.</summary>
internal static partial class EvaluationReport
{
    private static void Certificates(StringBuilder html, List<CellResult> cells)
    {
        var drawn = cells.Where(c => c.Statistical is not null).ToList();
        Table(
            html,
            "Draws against the target's own law",
            ["method", "#draws", "#tokens", "#chi-square", "#df", "#p", "#p corrected", "#distance", "#noise floor", "#would be seen"],
            drawn.Select(c =>
            {
                var (test, fit) = (c.Statistical!.Test, c.Statistical.Test.Fit);
                return new[]
                {
                    Name(c), Whole((long)fit.Samples), Whole(c.Statistical.Tokens), Fixed(fit.Statistic, 1), Whole(fit.DegreesOfFreedom), Small(fit.PValue),
                    Small(test.AdjustedPValue), Fixed(fit.TotalVariation, 3), Fixed(fit.NoiseFloor, 3), Fixed(fit.DetectableTotalVariation, 3),
                };
            }));
        if (drawn.Count > 0)
        {
            var s = drawn[0].Statistical!;
            html.Append(CultureInfo.InvariantCulture, $"<p>Independent answers to prompt {Text(s.Prompt)} at temperature {s.Sampling.Temperature}, top-k {s.Sampling.TopK}, top-p {s.Sampling.TopP} through the same engine, drafters and verifiers, against the exact law of their first tokens. Corrected by Holm over the job's methods; a false alarm has a chance of {s.Alpha} for the whole job. A law at the last column's distance or further would be found with probability {s.Power}; the distance of a lossless method is near its noise floor.</p>");
        }

        Table(
            html,
            "Law of the next token, computed at every round",
            ["method", "#rounds", "#mean distance from the target", "#largest", "#mean divergence, nats", "#expected first acceptance"],
            cells.Where(c => c.Observed.Positions > 0).Select(c => new[]
            {
                Name(c), Whole(c.Observed.Positions), Small(c.Observed.MeanTotalVariation), Small(c.Observed.Largest), Small(c.Observed.MeanDivergence), Percent(c.Observed.MeanOverlap),
            }));
    }

    private static void Predictions(StringBuilder html, List<CellResult> cells)
    {
        Table(
            html,
            "What the device's cost curve predicts",
            ["method", "#µs a drafted level", "#speedup measured", "#expected at this setting", "#best γ", "#with speedup", "#best γ by Leviathan", "best tree (Sequoia)", "#with speedup"],
            cells.Where(c => c.Prediction is not null).Select(c =>
            {
                var p = c.Prediction!;
                return new[]
                {
                    Name(c), Fixed(p.DraftMicroseconds, 0), Fixed(c.Speed?.Pooled.Estimate), Fixed(p.ExpectedSpeedup), p.BestGamma < 0 ? "–" : Whole(p.BestGamma), Fixed(p.BestGammaSpeedup),
                    p.LeviathanGamma < 0 ? "–" : Whole(p.LeviathanGamma), p.BestTree is { } tree ? $"{tree.Count + 1} nodes, {tree.Depth} deep" : "–", Fixed(p.BestTreeSpeedup),
                };
            }));
        Table(
            html,
            "γ measured and predicted",
            ["method", "speedup by γ", "#fastest γ", "#predicted γ"],
            SweepFigures.Of(cells).Select(sweep => new[]
            {
                Name(sweep.Cells[0].Cell), string.Join(", ", sweep.Cells.Select(c => $"{c.Gamma}: {Fixed(c.Cell.Speed!.Pooled.Estimate)}")), Whole(sweep.Best.Gamma), sweep.Predicted is { } gamma ? Whole(gamma) : "–",
            }));
    }

    private static void Curves(StringBuilder html, IReadOnlyList<(DeviceFingerprint Device, VerifyCurve Curve)> curves)
    {
        foreach (var (device, curve) in curves)
        {
            var t = curve.Microseconds;
            var most = t.Max();
            html.Append($"<h2>Cost of the target's forward on {Text(device.Processor)}, {Text(device.Provider)}</h2>");
            html.Append(CultureInfo.InvariantCulture, $"<p>Median of {curve.Repeats} forwards over n rows after {curve.Context} committed ones.</p><svg role=\"img\" aria-label=\"Time of a forward by rows\" viewBox=\"0 0 640 200\" width=\"640\" height=\"200\"><polyline fill=\"none\" stroke=\"#5f7fd0\" stroke-width=\"2\" points=\"");
            for (var n = 0; n < t.Count; n++)
            {
                html.Append(CultureInfo.InvariantCulture, $"{10 + (620.0 * n / Math.Max(1, t.Count - 1)):F1},{190 - (180 * t[n] / most):F1} ");
            }

            html.Append("\"/></svg>");
            int[] shown = [.. new[] { 1, 2, 4, 8, 16, 32, 64 }.Where(n => n <= t.Count)];
            Table(html, "t(n)", ["rows", .. shown.Select(n => $"#{n}")], [["µs", .. shown.Select(n => Fixed(t[n - 1], 0))], ["of t(1)", .. shown.Select(n => Fixed(t[n - 1] / t[0]))]]);
        }
    }

    private static string Small(double value) => double.IsNaN(value) ? "–" : value.ToString("G3", CultureInfo.InvariantCulture);
}
