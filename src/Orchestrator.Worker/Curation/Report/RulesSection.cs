using System.Globalization;
using System.Text;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>The rules of <c>select</c>: exact cuts, what each keeps alone, and how they overlap.</summary>
internal static class RulesSection
{
    /// <summary>Rules in a matrix; beyond it the pairs are a list.</summary>
    private const int MatrixSize = 8;

    public static void Write(StringBuilder html, ReportFacts facts)
    {
        ReportHtml.Section(html, "rules", "Rules of select");
        if (facts.Decision.Leaves.Count == 0)
        {
            html.Append("<p>There is no rule: every sample that passed the stages is kept.</p></section>");
            return;
        }

        var names = Names(facts.Decision.Leaves);
        ReportHtml.Table(
            html,
            null,
            ["rule", "#scored", "#it keeps", "#of scored", "#no other keeps", "#lowest score kept", "ties"],
            facts.Decision.Leaves.Select((leaf, i) => new object[]
            {
                names[i],
                ReportHtml.Number(leaf.Cut.Eligible),
                ReportHtml.Number(leaf.Cut.Selected),
                ReportHtml.Share(leaf.Cut.Selected, leaf.Cut.Eligible),
                facts.Overlap is { } overlap ? ReportHtml.Number(overlap.Rules[i].Alone) : "–",
                Lowest(leaf.Cut),
                leaf.Cut.Last is { } last ? $"up to key {last.Key}" : "all kept",
            }));
        if (facts.Overlap is { Rules.Count: > 1 } several)
        {
            Overlap(html, several, names);
        }

        html.Append("</section>");
    }

    // One rule may stand twice in a document; a number tells the two apart.
    private static string[] Names(IReadOnlyList<DecidedLeaf> leaves) =>
    [
        .. leaves.Select((leaf, i) => leaves.Count(l => l.Reason == leaf.Reason) > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{leaf.Reason} ({leaves.Take(i + 1).Count(l => l.Reason == leaf.Reason)})")
            : leaf.Reason),
    ];

    private static string Lowest(SelectionCut cut) => cut.Kind switch
    {
        CutKind.At => cut.Threshold.ToString("R", CultureInfo.InvariantCulture),
        CutKind.All => "every score",
        _ => "none kept",
    };

    private static void Overlap(StringBuilder html, SelectionPreview overlap, string[] names)
    {
        var count = names.Length;
        html.Append("<h3>Overlap</h3><p>Samples that both rules keep, and their share of those that at least one of the two keeps.</p>");
        if (count > MatrixSize)
        {
            var pairs = from i in Enumerable.Range(0, count) from j in Enumerable.Range(i + 1, count - i - 1) select (i, j);
            ReportHtml.Table(html, null, ["rule", "other rule", "#both", "#of either"], pairs.Zip(overlap.Overlaps, (at, o) => new object[]
            {
                names[at.i], names[at.j], ReportHtml.Number(o.Both), ReportHtml.Share(o.Both, o.Either),
            }));
            return;
        }

        html.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Overlap of rules\"><table class=\"matrix\"><thead><tr><td></td>");
        html.AppendJoin("", names.Select(n => $"<th scope=\"col\">{ReportHtml.Text(n)}</th>")).Append("</tr></thead><tbody>");
        for (var row = 0; row < count; row++)
        {
            html.Append($"<tr><th scope=\"row\">{ReportHtml.Text(names[row])}</th>");
            for (var column = 0; column < count; column++)
            {
                var (both, either) = row == column
                    ? (overlap.Rules[row].Kept, overlap.Rules[row].Kept)
                    : PairOf(overlap, Math.Min(row, column), Math.Max(row, column), count);
                var shade = either == 0 ? 0 : (int)Math.Round(10.0 * both / either);
                html.Append(row == column
                    ? $"<td class=\"self\">{ReportHtml.Number(both)}</td>"
                    : $"<td class=\"s{shade}\">{ReportHtml.Number(both)}<small>{ReportHtml.Share(both, either)}</small></td>");
            }

            html.Append("</tr>");
        }

        html.Append("</tbody></table></div>");
    }

    // Pairs stand in the order (0, 1), (0, 2), ..., (1, 2), ...
    private static (long Both, long Either) PairOf(SelectionPreview overlap, int first, int second, int count)
    {
        var pair = overlap.Overlaps[(first * count) - (first * (first + 1) / 2) + second - first - 1];
        return (pair.Both, pair.Either);
    }
}
