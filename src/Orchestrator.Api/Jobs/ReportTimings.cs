using System.Globalization;
using System.Net;
using System.Text;

namespace Orchestrator.Api.Jobs;

/// <summary>
/// Adds a job's timings to its report on the way out. The file itself holds none: its digest stands in <c>manifest.json</c>, and the
/// same job must write the same bytes however long it took.
/// </summary>
internal static class ReportTimings
{
    /// <summary>Where a report has room for them.</summary>
    public const string Mark = "<!--timings-->";

    /// <summary>The page with a section of timings in place of its first mark.</summary>
    public static string Insert(string page, IReadOnlyList<PhaseTiming> timings)
    {
        var rows = new StringBuilder();
        foreach (var timing in timings)
        {
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(timing.Phase)}</td><td class=\"n\">{timing.Shards:N0}</td>");
            rows.Append(CultureInfo.InvariantCulture, $"<td>{timing.StartedAt:yyyy-MM-dd HH:mm:ss} UTC</td><td class=\"n\">{timing.Seconds:F1}</td></tr>");
        }

        var section = "<section id=\"timings\"><h2>Timings</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Timings\"><table><thead><tr><th scope=\"col\">phase</th>"
            + $"<th scope=\"col\" class=\"n\">shards</th><th scope=\"col\">started</th><th scope=\"col\" class=\"n\">seconds</th></tr></thead><tbody>{rows}</tbody></table></div></section>";
        var at = page.IndexOf(Mark, StringComparison.Ordinal);
        return $"{page[..at]}{section}{page[(at + Mark.Length)..]}";
    }
}
