using System.Globalization;
using System.Net;
using System.Text;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Pieces of the page. Everything that comes from documents or pools goes through <see cref="Text"/>.</summary>
internal static class ReportHtml
{
    private const int LongestText = 600;

    /// <summary>Encoded text; characters that would be invisible or turn the direction of what follows are shown by number.</summary>
    public static string Text(string value)
    {
        var cut = value.Length <= LongestText ? value : value[..(LongestText - (char.IsHighSurrogate(value[LongestText - 1]) ? 1 : 0))] + "…";
        var shown = new StringBuilder(cut.Length);
        for (var i = 0; i < cut.Length; i++)
        {
            var c = cut[i];
            if (char.IsHighSurrogate(c) && i + 1 < cut.Length && char.IsLowSurrogate(cut[i + 1]))
            {
                shown.Append(c).Append(cut[++i]);
            }
            else if (c is '\n' or '\t')
            {
                shown.Append(' ');
            }
            else if (char.IsControl(c) || char.IsSurrogate(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                shown.Append(CultureInfo.InvariantCulture, $"[U+{(int)c:X4}]");
            }
            else
            {
                shown.Append(c);
            }
        }

        return WebUtility.HtmlEncode(shown.ToString());
    }

    /// <summary>A whole number with separators.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A share as a percentage; empty where there is nothing to share.</summary>
    public static string Share(long value, long of) => of == 0 ? "" : (100.0 * value / of).ToString("F1", CultureInfo.InvariantCulture) + " %";

    /// <summary>A score with the digits that matter to a reader.</summary>
    public static string Score(double? value) => value is { } v && double.IsFinite(v) ? v.ToString("0.####", CultureInfo.InvariantCulture) : "–";

    /// <summary>A bar whose filled part is <paramref name="value"/> of <paramref name="most"/>.</summary>
    public static string Meter(long value, long most, string style) => string.Create(
        CultureInfo.InvariantCulture,
        $"<svg class=\"meter\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"100\" height=\"8\" class=\"rest\"/><rect width=\"{100.0 * value / Math.Max(1, most):0.##}\" height=\"8\" class=\"{style}\"/></svg>");

    /// <summary>Opens a section.</summary>
    public static void Section(StringBuilder html, string id, string title, string? lead = null) =>
        html.Append($"<section id=\"{id}\"><h2>{Text(title)}</h2>{(lead is null ? "" : $"<p>{lead}</p>")}");

    /// <summary>A table; a head that begins with # is of numbers. Cells are text unless they are given as <see cref="Raw"/>. Nothing without rows.</summary>
    public static void Table(StringBuilder html, string? title, string[] heads, IEnumerable<object[]> rows)
    {
        var body = rows.ToList();
        if (body.Count == 0)
        {
            return;
        }

        html.Append(title is null ? "" : $"<h3>{Text(title)}</h3>").Append(
            $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Text(title ?? string.Join(", ", heads.Select(h => h.TrimStart('#'))))}\"><table><thead><tr>");
        html.AppendJoin("", heads.Select(h => $"<th scope=\"col\"{(h.StartsWith('#') ? " class=\"n\"" : "")}>{(h.Length == 0 ? "<span class=\"unseen\">picture</span>" : Text(h.TrimStart('#')))}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in body)
        {
            html.Append("<tr>").AppendJoin("", row.Select((cell, i) =>
                $"<td{(heads[i].StartsWith('#') ? " class=\"n\"" : "")}>{(cell is Raw raw ? raw.Html : Text((string)cell))}</td>")).Append("</tr>");
        }

        html.Append("</tbody></table></div>");
    }

    /// <summary>Markup made here.</summary>
    public sealed record Raw(string Html);
}
