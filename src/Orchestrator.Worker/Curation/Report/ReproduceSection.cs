using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Document, seed, digests and versions: what makes the same bytes again.</summary>
internal static class ReproduceSection
{
    /// <summary>Input shards listed.</summary>
    private const int MaxShards = 100;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(StringBuilder html, ReportFacts facts)
    {
        ReportHtml.Section(
            html,
            "again",
            "Make it again",
            "The same document, inputs, models and versions give the same bytes, on any number of workers. Save the document and name a new folder:");
        html.Append("<pre tabindex=\"0\">orchestrator submit document.json --set output.path=FOLDER --wait</pre>");
        ReportHtml.Table(
            html,
            "Versions",
            ["of", "version"],
            facts.Versions.Select(v => new object[] { v.Key, v.Value }).Append(["seed", facts.Job.Seed.ToString(CultureInfo.InvariantCulture)]));
        ReportHtml.Table(
            html,
            "Models",
            ["model", "sha256 of its folder"],
            facts.Models.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new object[] { m.Key, new ReportHtml.Raw($"<code>{ReportHtml.Text(m.Value)}</code>") }));
        var parts = facts.Decision.Parts;
        ReportHtml.Table(
            html,
            parts.Count > MaxShards ? $"Input shards, the first {MaxShards} of {ReportHtml.Number(parts.Count)}" : "Input shards",
            ["shard", "#bytes", "#samples", "#kept"],
            parts.Take(MaxShards).Select(p => new object[] { p.Source.Name, ReportHtml.Number(p.SourceBytes), ReportHtml.Number(p.Rows), ReportHtml.Number(p.Kept) }));
        html.Append($"<h3>Document</h3><pre tabindex=\"0\">{System.Net.WebUtility.HtmlEncode(facts.Job.Canonical.ToJsonString(Readable))}</pre>");
        html.Append("<p class=\"mute\"><code>manifest.json</code> beside this folder lists the sha256 of every file.</p></section>");
    }
}
