using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orchestrator.Domain.Curation.Selection;
using ScottPlot;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>
/// Charts of one score as SVG: its histogram, and how many samples each lowest score would keep. ScottPlot draws the shapes,
/// in placeholder colours that the page's style replaces, so that a chart follows the reader's light or dark theme. Words and
/// numbers are set here and not by ScottPlot, which places them by the fonts of the machine: the same figures must give the
/// same bytes everywhere.
/// </summary>
internal static partial class ScoreChart
{
    private const int Width = 420;
    private const int Height = 220;
    private const int Bars = 60;
    private static readonly PixelPadding Margins = new(left: 46, right: 12, bottom: 28, top: 16);

    private static readonly Color Grid = Color.FromHex("#101010");
    private static readonly Color Kept = Color.FromHex("#202020");
    private static readonly Color Rejected = Color.FromHex("#303030");
    private static readonly Color Other = Color.FromHex("#404040");
    private static readonly Color Curve = Color.FromHex("#505050");
    private static readonly Color Cut = Color.FromHex("#606060");

    /// <summary>Stacked bars: kept, rejected by <c>select</c>, other.</summary>
    /// <param name="scores">The distribution.</param>
    /// <param name="cuts">Cuts on this score.</param>
    /// <param name="id">Makes names inside the SVG unique in the page.</param>
    public static string Histogram(ScoreDistribution scores, IReadOnlyList<DecidedLeaf> cuts, string id)
    {
        var (plot, bars, step, highest) = (new Plot(), new List<Bar>(), (scores.Right - scores.Left) / Bars, 1.0);
        for (var i = 0; i < Bars; i++)
        {
            var bottom = 0.0;
            foreach (var (counts, color) in new[] { (scores.Kept, Kept), (scores.Rejected, Rejected), (scores.Other, Other) })
            {
                const int Merged = ScoreDistribution.Bins / Bars;
                if (counts.AsSpan(i * Merged, Merged).ToArray().Sum() is > 0 and var count)
                {
                    bars.Add(new Bar { Position = scores.Left + ((i + 0.5) * step), ValueBase = bottom, Value = bottom + count, Size = step, FillColor = color, LineWidth = 0 });
                    bottom += count;
                }
            }

            highest = Math.Max(highest, bottom);
        }

        plot.Add.Bars(bars);
        return Finish(plot, scores, cuts, highest, id, $"Histogram of {scores.Signal}");
    }

    /// <summary>A falling curve: candidates whose score is at least x.</summary>
    public static string KeptByThreshold(ScoreDistribution scores, IReadOnlyList<DecidedLeaf> cuts, string id)
    {
        var (plot, counts) = (new Plot(), scores.AtLeast());
        var step = (scores.Right - scores.Left) / ScoreDistribution.Bins;
        var line = plot.Add.ScatterLine([.. counts.Select((_, i) => scores.Left + (i * step))], Array.ConvertAll(counts, c => (double)c), Curve);
        line.LineWidth = 2;
        line.FillY = true;
        line.FillYColor = Curve.WithAlpha(.12);
        return Finish(plot, scores, cuts, Math.Max(1, counts[0]), id, $"Samples kept by a lowest {scores.Signal}");
    }

    private static string Finish(Plot plot, ScoreDistribution scores, IReadOnlyList<DecidedLeaf> cuts, double highest, string id, string title)
    {
        var top = highest * 1.06;
        var (across, up) = (Ticks(scores.Left, scores.Right, 6), Ticks(0, top, 4));
        double[] at = [.. cuts.Where(c => c.Cut.Kind == CutKind.At && c.Cut.Threshold >= scores.Left && c.Cut.Threshold <= scores.Right).Select(c => (double)c.Cut.Threshold).Distinct()];
        foreach (var x in at)
        {
            plot.Add.VerticalLine(x, 1.5f, Cut, LinePattern.DenselyDashed);
        }

        plot.Axes.SetLimits(scores.Left, scores.Right, 0, top);
        plot.Axes.Bottom.TickGenerator = Unlabelled(across);
        plot.Axes.Left.TickGenerator = Unlabelled(up);
        plot.Axes.Color(Grid);
        plot.Grid.MajorLineColor = Grid.WithAlpha(.15);
        plot.Axes.Right.IsVisible = plot.Axes.Top.IsVisible = false;
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        plot.HideLegend();
        plot.Layout.Fixed(Margins);
        var words = new StringBuilder($"<title>{ReportHtml.Text(title)}</title>");
        foreach (var x in across)
        {
            Word(words, X(x), Height - 8, "middle", Number(x));
        }

        foreach (var y in up)
        {
            Word(words, Margins.Left - 6, Y(y) + 4, "end", Short(y));
        }

        foreach (var x in at)
        {
            Word(words, X(x), 11, X(x) > Width - 60 ? "end" : X(x) < 60 ? "start" : "middle", x.ToString("0.####", CultureInfo.InvariantCulture), " class=\"cut\"");
        }

        var drawn = plot.GetSvgXml(Width, Height);
        var body = drawn[(drawn.IndexOf('>', drawn.IndexOf("<svg", StringComparison.Ordinal)) + 1)..drawn.LastIndexOf("</svg>", StringComparison.Ordinal)];
        return $"<svg class=\"plot\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{ReportHtml.Text(title)}\">{words}"
            + $"{Renamed(Indents().Replace(body, ""), id)}</svg>";

        double X(double x) => Margins.Left + ((x - scores.Left) / (scores.Right - scores.Left) * (Width - Margins.Left - Margins.Right));
        double Y(double y) => Height - Margins.Bottom - (y / top * (Height - Margins.Bottom - Margins.Top));
    }

    // Skia numbers clips by a counter of the process; the page needs names that follow from the chart alone.
    private static string Renamed(string body, string id)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        return Clips().Replace(body, clip =>
        {
            if (!names.TryGetValue(clip.Value, out var name))
            {
                names[clip.Value] = name = string.Create(CultureInfo.InvariantCulture, $"{id}{names.Count}");
            }

            return name;
        });
    }

    private static ScottPlot.TickGenerators.NumericManual Unlabelled(double[] ticks) => new(ticks, Array.ConvertAll(ticks, _ => ""));

    /// <summary>Multiples of 1, 2 or 5 times a power of ten inside a range, about <paramref name="most"/> of them.</summary>
    internal static double[] Ticks(double from, double to, int most)
    {
        var rough = (to - from) / most;
        var unit = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = unit * (rough / unit <= 1 ? 1 : rough / unit <= 2 ? 2 : rough / unit <= 5 ? 5 : 10);
        var first = Math.Ceiling(from / step);
        return double.IsFinite(first) && step > 0 ? [.. Enumerable.Range(0, (int)Math.Min(50, Math.Floor(to / step) - first + 1)).Select(i => (first + i) * step)] : [];
    }

    private static void Word(StringBuilder words, double x, double y, string anchor, string text, string style = "") => words.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\"{style}>{text}</text>");

    private static string Number(double value) => (Math.Abs(value) < 1e-9 ? 0 : value).ToString("G4", CultureInfo.InvariantCulture);

    private static string Short(double count) => count switch
    {
        >= 1e9 => (count / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + "G",
        >= 1e6 => (count / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
        >= 1e4 => (count / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
        _ => count.ToString("0.##", CultureInfo.InvariantCulture),
    };

    [GeneratedRegex("cl_[0-9a-f]+")]
    private static partial Regex Clips();

    [GeneratedRegex(@"\n\s*")]
    private static partial Regex Indents();
}
