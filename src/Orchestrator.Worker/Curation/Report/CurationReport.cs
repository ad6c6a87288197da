using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>
/// <c>report/index.html</c>: what came of every sample and why, how scores are spread and what another cut would keep, how
/// rules overlap, pictures, quarantine, and how to make it again. One file that asks for nothing: no script, no request, which
/// its content security policy holds. It holds no time and no host, so the same job writes the same bytes; the API adds the
/// timings where <see cref="TimingsMark"/> stands.
/// </summary>
internal static class CurationReport
{
    /// <summary>Where a server that knows the job's timings puts them.</summary>
    public const string TimingsMark = "<!--timings-->";

    /// <summary>The page.</summary>
    public static byte[] Write(ReportFacts facts)
    {
        var html = new StringBuilder();
        var style = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(ReportStyle.Css)));
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        html.Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'\">");
        html.Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\">");
        html.Append($"<title>Curation: {ReportHtml.Text(facts.Job.Name)}</title><style>{ReportStyle.Css}</style></head><body>");
        OutcomeSection.Header(html, facts);
        html.Append("<main>");
        OutcomeSection.Write(html, facts);
        RulesSection.Write(html, facts);
        ScoresSection.Write(html, facts);
        GallerySection.Write(html, facts);
        QuarantineSection.Write(html, facts);
        html.Append(TimingsMark);
        ReproduceSection.Write(html, facts);
        html.Append("</main></body></html>\n");
        return Encoding.UTF8.GetBytes(html.ToString());
    }
}
