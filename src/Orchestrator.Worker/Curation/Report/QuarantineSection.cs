using System.Text;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>The samples and shards set aside and what was not downloaded, each with its error.</summary>
internal static class QuarantineSection
{
    public static void Write(StringBuilder html, ReportFacts facts)
    {
        var all = facts.Counts.GetValueOrDefault(CurationTally.Quarantined) + facts.Counts.GetValueOrDefault(CurationTally.DamagedShards)
            + facts.Counts.GetValueOrDefault(CurationTally.NotDownloaded);
        ReportHtml.Section(html, "quarantine", "Quarantine");
        html.Append(all == 0
            ? "<p>Nothing had to be set aside.</p>"
            : $"<p>What could not be judged, or was never downloaded, is listed with its error{(all > facts.Quarantine.Count ? $"; the first {ReportHtml.Number(facts.Quarantine.Count)} of {ReportHtml.Number(all)} are here" : "")}. All of it is in <code>quarantine.jsonl</code>.</p>");
        ReportHtml.Table(
            html,
            null,
            ["shard", "key", "error", "what was found"],
            facts.Quarantine.Select(q => new object[] { q.Shard, q.Key ?? "(the shard)", q.Error, q.Message }));
        html.Append("</section>");
    }
}
