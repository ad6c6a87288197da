using System.Text;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Pictures with captions and scores: the best, those on both sides of the cut, the worst, and duplicates.</summary>
internal static class GallerySection
{
    // Text columns that say nothing to a reader; every other one is shown, so captions of a captioner stand beside the web's.
    private static readonly string[] Unreadable = [DedupOptions.Sha256Tag, DedupOptions.PhashTag, DedupOptions.OfTag, DedupOptions.ByTag, BalanceOptions.EntriesTag];

    public static void Write(StringBuilder html, ReportFacts facts)
    {
        ReportHtml.Section(html, "galleries", "Pictures", "Small copies of the input's images; the output holds the original bytes.");
        string? open = null;
        foreach (var gallery in facts.Galleries)
        {
            if (gallery.Signal is { } signal && signal != open)
            {
                html.Append($"<h3>By {ReportHtml.Text(signal)}</h3>");
            }

            open = gallery.Signal;
            html.Append($"<h4>{Title(gallery.Kind)}</h4><div class=\"cards\">");
            foreach (var card in gallery.Cards)
            {
                Card(html, facts, gallery, card);
            }

            html.Append("</div>");
        }

        html.Append(facts.Galleries.Count == 0 ? "<p>No sample has a score.</p></section>" : "</section>");
    }

    private static string Title(GalleryKind kind) => kind switch
    {
        GalleryKind.Best => "Best",
        GalleryKind.JustKept => "Just kept",
        GalleryKind.JustRejected => "Just rejected",
        GalleryKind.Worst => "Worst",
        GalleryKind.Duplicates => "Duplicates: another sample stands for each",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static void Card(StringBuilder html, ReportFacts facts, Gallery gallery, GalleryCard card)
    {
        var row = card.Row;
        html.Append("<figure>").Append(card.Picture is { } picture
            ? $"<img loading=\"lazy\" alt=\"{ReportHtml.Text(row.Text ?? "no caption")}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(picture)}\">"
            : "<div class=\"nopicture\">no picture</div>");
        html.Append($"<figcaption><span class=\"state {row.State}\">{row.State}</span>");
        if (gallery.Signal is { } signal && row.Signals[facts.Job.Schema.SignalIndex(signal)] is { } score)
        {
            html.Append($"<strong class=\"score\">{ReportHtml.Score(score)}</strong>");
        }

        html.Append($"<p dir=\"auto\">{(row.Text is null ? "<em>no caption</em>" : ReportHtml.Text(row.Text))}</p>");
        foreach (var (name, value) in facts.Job.Schema.Tags.Zip(row.Tags).Where(t => t.Second is { Length: > 0 } && !Unreadable.Contains(t.First)))
        {
            html.Append($"<p dir=\"auto\"><span class=\"tag\">{ReportHtml.Text(name)}</span> {ReportHtml.Text(value!)}</p>");
        }

        html.Append("<details><summary>").Append($"{ReportHtml.Text(row.Key)}</summary><dl>");
        Item(html, "shard", row.Shard);
        Item(html, "size", row is { Width: { } width, Height: { } height } ? $"{width} × {height}, {ReportHtml.Number(row.ImageBytes)} bytes" : $"{ReportHtml.Number(row.ImageBytes)} bytes");
        Item(html, row.State == SampleStates.Duplicate ? "duplicate of" : "reason", row.Reason);
        foreach (var (name, value) in facts.Job.Schema.Signals.Zip(row.Signals).Where(s => s.Second is not null))
        {
            Item(html, name, ReportHtml.Score(value));
        }

        html.Append("</dl></details></figcaption></figure>");
    }

    private static void Item(StringBuilder html, string name, string? value) =>
        html.Append(value is null ? "" : $"<dt>{ReportHtml.Text(name)}</dt><dd>{ReportHtml.Text(value)}</dd>");
}
