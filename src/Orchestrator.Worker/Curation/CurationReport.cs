using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// <c>report/index.html</c>: what came of every sample, the cut of each rule, the models, and how to make it again. One
/// file, no script, no request; holds no time and no host, so the same job writes the same bytes. Everything that comes from
/// documents or pools is encoded.
/// </summary>
public static class CurationReport
{
    private const string Style =
        """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
        table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.25rem .75rem;text-align:left;border-bottom:1px solid #8884}
        td.n{text-align:right;font-variant-numeric:tabular-nums}pre{overflow:auto;padding:1rem;border:1px solid #8884;border-radius:.5rem}
        .bar{display:flex;height:1.25rem;border-radius:.5rem;overflow:hidden;margin:1rem 0}.bar i{display:block}
        .kept{background:#2e9e5b}.rejected{background:#c98a1b}.duplicate{background:#5f7fd0}.quarantined{background:#c0483f}
        """;

    /// <summary>The page.</summary>
    public static byte[] Write(
        CurationJob job,
        CurationDecision decision,
        IReadOnlyDictionary<string, long> counts,
        IReadOnlyDictionary<string, string> models)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Append($"<title>Curation: {Text(job.Name)}</title><style>{Style}</style></head><body>");
        html.Append($"<h1>Curation: {Text(job.Name)}</h1>");
        States(html, counts);
        Reasons(html, "Rejected, by rule", counts, CurationTally.RejectedBy(""));
        Reasons(html, "Quarantined, by error", counts, CurationTally.QuarantinedBy(""));
        Reasons(html, "Texts of kept samples, by origin", counts, CurationTally.Captions(""));
        Reasons(html, "Not downloaded, by status (not among the samples read)", counts, CurationTally.NotDownloadedBy(""));
        Duplicates(html, decision);
        ImageClusters(html, decision);
        Rules(html, decision);
        Damage(html, decision, counts);
        Table(html, "Models", ["model", "sha256 of its folder"], models.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new[] { m.Key, m.Value }));
        html.Append("<h2>Make it again</h2><p>Submit this document with an <code>output.path</code>; the same inputs and models give the same bytes.</p>");
        html.Append($"<pre>{Text(job.Canonical.ToJsonString(new JsonSerializerOptions { WriteIndented = true }))}</pre></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    private static void States(StringBuilder html, IReadOnlyDictionary<string, long> counts)
    {
        string[] states = [CurationTally.Kept, CurationTally.Rejected, CurationTally.Duplicate, CurationTally.Quarantined];
        var read = counts.GetValueOrDefault(CurationTally.Read);
        var sum = string.Join(" + ", states.Select(s => $"{Number(counts.GetValueOrDefault(s))} {s}"));
        html.Append($"<p><strong>{Number(read)}</strong> samples read = {sum}.</p><div class=\"bar\" role=\"img\" aria-label=\"{Text(sum)}\">");
        foreach (var state in states)
        {
            html.Append(CultureInfo.InvariantCulture, $"<i class=\"{state}\" style=\"flex:{counts.GetValueOrDefault(state)}\"></i>");
        }

        html.Append("</div>");
        Table(html, null, ["state", "#samples", "#share"], states.Select(s => new[] { s, Number(counts.GetValueOrDefault(s)), Share(counts.GetValueOrDefault(s), read) }));
    }

    private static void Reasons(StringBuilder html, string title, IReadOnlyDictionary<string, long> counts, string prefix)
    {
        var rows = counts.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => new[] { c.Key[prefix.Length..], Number(c.Value) });
        Table(html, title, [title[(title.LastIndexOf(' ') + 1)..], "#samples"], rows);
    }

    private static void Duplicates(StringBuilder html, CurationDecision decision) => Table(
        html,
        "Duplicates, by stage",
        ["method", "#samples compared", "#samples of earlier pools", "#groups", "#duplicates"],
        decision.Dedup.Select(d => new[] { d.Method, Number(d.Compared), Number(d.Earlier), Number(d.Groups), Number(d.Duplicates) }));

    private static void ImageClusters(StringBuilder html, CurationDecision decision) => Table(
        html,
        "Clusters of images",
        ["embeddings", "#clusters", "#with a reference image", "#reference images", "#samples compared", "#rejected"],
        decision.ImageClusters.Select(c => new[] { c.From, Number(c.Clusters), Number(c.Matched), Number(c.Reference), Number(c.Compared), Number(c.Rejected) }));

    private static void Rules(StringBuilder html, CurationDecision decision) => Table(
        html,
        "Exact cuts of select",
        ["rule", "#samples with a score", "#kept by this rule alone", "lowest score kept", "ties"],
        decision.Leaves.Select(l => new[]
        {
            l.Reason,
            Number(l.Cut.Eligible),
            Number(l.Cut.Selected),
            l.Cut.Kind == CutKind.At ? l.Cut.Threshold.ToString("R", CultureInfo.InvariantCulture) : l.Cut.Kind == CutKind.All ? "every score" : "none",
            l.Cut.Last is { } last ? $"up to key {last.Key}" : "all kept",
        }));

    private static void Damage(StringBuilder html, CurationDecision decision, IReadOnlyDictionary<string, long> counts)
    {
        if (counts.GetValueOrDefault(CurationTally.FailedShards) is > 0 and var failed)
        {
            html.Append($"<p><strong>{Number(failed)} input shards could not be scored</strong> and are not in these figures; <code>orchestrator retry</code> runs them again.</p>");
        }

        Table(
            html,
            "Damaged input shards",
            ["shard", "#read before the damage", "damage"],
            decision.Parts.Where(p => p.Damage is not null).Select(p => new[] { p.Source.Name, Number(p.Rows), p.Damage!.Message }));
    }

    private static void Table(StringBuilder html, string? title, string[] heads, IEnumerable<string[]> rows)
    {
        var body = rows.ToList();
        if (body.Count == 0)
        {
            return;
        }

        html.Append(title is null ? "" : $"<h2>{Text(title)}</h2>").Append("<table><thead><tr>");
        html.AppendJoin("", heads.Select(h => $"<th scope=\"col\">{Text(h.TrimStart('#'))}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in body)
        {
            html.Append("<tr>").AppendJoin("", row.Select((cell, i) => $"<td{(heads[i][0] == '#' ? " class=\"n\"" : "")}>{Text(cell)}</td>")).Append("</tr>");
        }

        html.Append("</tbody></table>");
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(long value, long of) => of == 0 ? "" : (100.0 * value / of).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static string Text(string value) => WebUtility.HtmlEncode(value);
}
