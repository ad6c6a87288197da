using System.Globalization;
using System.Text;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>The heading with what became of the samples, and the counts by reason.</summary>
internal static class OutcomeSection
{
    private static readonly string[] States = [CurationTally.Kept, CurationTally.Rejected, CurationTally.Duplicate, CurationTally.Quarantined];

    public static void Header(StringBuilder html, ReportFacts facts)
    {
        var (counts, read) = (facts.Counts, facts.Counts.GetValueOrDefault(CurationTally.Read));
        html.Append($"<header><p class=\"kind\">{(facts.Job.From is null ? "Curation" : "Selection")}</p><h1>{ReportHtml.Text(facts.Job.Name)}</h1>");
        html.Append($"<p>{ReportHtml.Number(read)} samples from {ReportHtml.Number(facts.Decision.Parts.Count)} shards. Every one ended in exactly one state.</p><div class=\"tiles\">");
        foreach (var state in States)
        {
            var count = counts.GetValueOrDefault(state);
            html.Append($"<div class=\"tile {state}\"><span>{state}</span><strong>{ReportHtml.Number(count)}</strong><small>{ReportHtml.Share(count, read)}</small></div>");
        }

        html.Append("</div>");
        Bar(html, counts, read);
        html.Append("<nav aria-label=\"Sections\"><a href=\"#reasons\">Reasons</a><a href=\"#rules\">Rules</a><a href=\"#scores\">Scores</a><a href=\"#galleries\">Pictures</a><a href=\"#quarantine\">Quarantine</a><a href=\"#again\">Make it again</a></nav></header>");
    }

    public static void Write(StringBuilder html, ReportFacts facts)
    {
        ReportHtml.Section(html, "reasons", "Why samples were left out");
        if (facts.Counts.GetValueOrDefault(CurationTally.FailedShards) is > 0 and var failed)
        {
            html.Append($"<p class=\"warn\"><strong>{ReportHtml.Number(failed)} input shards could not be scored</strong> and are not in these figures; <code>orchestrator retry</code> runs them again.</p>");
        }

        html.Append("<div class=\"pair\"><div>");
        Reasons(html, "Rejected, by the first rule that did", "reason", facts, CurationTally.RejectedBy(""), CurationTally.Rejected);
        Reasons(html, "Texts of kept samples, by origin", "origin", facts, CurationTally.Captions(""), CurationTally.Kept);
        html.Append("</div><div>");
        Reasons(html, "Quarantined, by error", "error", facts, CurationTally.QuarantinedBy(""), CurationTally.Quarantined);
        Reasons(html, "Not downloaded, by status (of the rows listed, not among the samples read)", "status", facts, CurationTally.NotDownloadedBy(""), CurationTally.NotDownloaded, CurationTally.Listed);
        ReportHtml.Table(
            html,
            "Duplicates, by stage",
            ["method", "#compared", "#earlier pools", "#groups", "#duplicates"],
            facts.Decision.Dedup.Select(d => new object[]
            {
                d.Method, ReportHtml.Number(d.Compared), ReportHtml.Number(d.Earlier), ReportHtml.Number(d.Groups), ReportHtml.Number(d.Duplicates),
            }));
        html.Append("</div></div>");
        ReportHtml.Table(
            html,
            "Clusters of images",
            ["embeddings", "#clusters", "#with a reference image", "#reference images", "#compared", "#rejected"],
            facts.Decision.ImageClusters.Select(c => new object[]
            {
                c.From, ReportHtml.Number(c.Clusters), ReportHtml.Number(c.Matched), ReportHtml.Number(c.Reference), ReportHtml.Number(c.Compared), ReportHtml.Number(c.Rejected),
            }));
        ReportHtml.Table(
            html,
            "Damaged input shards",
            ["shard", "#read before the damage", "damage"],
            facts.Decision.Parts.Where(p => p.Damage is not null).Select(p => new object[] { p.Source.Name, ReportHtml.Number(p.Rows), p.Damage!.Message }));
        html.Append("</section>");
    }

    private static void Reasons(StringBuilder html, string title, string head, ReportFacts facts, string prefix, string state, string whole = CurationTally.Read)
    {
        var (all, of) = (facts.Counts.GetValueOrDefault(state), facts.Counts.GetValueOrDefault(whole));
        ReportHtml.Table(
            html,
            title,
            [head, "#samples", "#of all", ""],
            facts.Counts.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal))
                .OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal)
                .Select(c => new object[] { c.Key[prefix.Length..], ReportHtml.Number(c.Value), ReportHtml.Share(c.Value, of), new ReportHtml.Raw(ReportHtml.Meter(c.Value, all, state)) }));
    }

    private static void Bar(StringBuilder html, IReadOnlyDictionary<string, long> counts, long read)
    {
        html.Append($"<svg class=\"bar\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{string.Join(", ", States.Select(s => $"{ReportHtml.Number(counts.GetValueOrDefault(s))} {s}"))}\">");
        var x = 0.0;
        foreach (var state in States)
        {
            var width = 1000.0 * counts.GetValueOrDefault(state) / Math.Max(1, read);
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"{state}\" x=\"{x:0.##}\" width=\"{width:0.##}\" height=\"14\"/>");
            x += width;
        }

        html.Append("</svg>");
    }
}
