using System.Globalization;
using System.Text;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>A histogram and a kept-by-threshold curve of each score; those that <c>select</c> does not name are folded away.</summary>
internal static class ScoresSection
{
    public static void Write(StringBuilder html, ReportFacts facts)
    {
        ReportHtml.Section(
            html,
            "scores",
            "Scores",
            "Left: how the score is spread. Right: how many candidates each lowest score would keep. Dashed: the lowest score that a rule keeps.");
        html.Append("<p class=\"legend\"><span class=\"kept\"></span>kept<span class=\"rejected\"></span>rejected by select<span class=\"other\"></span>left out for another reason</p>");
        var named = facts.Decision.Leaves.Select(l => l.By).ToHashSet(StringComparer.Ordinal);
        var shown = facts.Scores.Where(s => s.Scored > 0).Select((s, i) => (Scores: s, Id: string.Create(CultureInfo.InvariantCulture, $"c{i}"))).ToList();
        var folded = named.Count > 0 ? shown.Where(s => !named.Contains(s.Scores.Signal)).ToList() : [];
        foreach (var (scores, id) in shown.Except(folded))
        {
            Charts(html, facts, scores, id);
        }

        if (folded.Count > 0)
        {
            html.Append($"<details><summary>{folded.Count} more scores, not named by select</summary>");
            folded.ForEach(s => Charts(html, facts, s.Scores, s.Id));
            html.Append("</details>");
        }

        html.Append(shown.Count == 0 ? "<p>No sample has a score.</p></section>" : "</section>");
    }

    private static void Charts(StringBuilder html, ReportFacts facts, ScoreDistribution scores, string id)
    {
        List<DecidedLeaf> cuts = [.. facts.Decision.Leaves.Where(l => l.By == scores.Signal)];
        html.Append($"<h3>{ReportHtml.Text(scores.Signal)}</h3><p class=\"mute\">{ReportHtml.Number(scores.Scored)} samples scored, {ReportHtml.Score(scores.Lowest)} to {ReportHtml.Score(scores.Highest)}, mean {ReportHtml.Score(scores.Mean)}</p>");
        html.Append($"<div class=\"pair\">{ScoreChart.Histogram(scores, cuts, id + "h")}{ScoreChart.KeptByThreshold(scores, cuts, id + "k")}</div>");
    }
}
