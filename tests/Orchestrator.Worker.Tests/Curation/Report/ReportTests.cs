using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Orchestrator.Data.Scores;

namespace Orchestrator.Worker.Tests.Curation.Report;

/// <summary>The report of real jobs, read back from its HTML and compared with the score parts beside it.</summary>
public sealed partial class ReportTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "dedup" }, { "type": "clip-score", "model": "bright", "as": "clip" } ],
          "select": { "all": [ { "by": "clip", "topFraction": 0.4 }, { "by": "clip", "min": 0.3 } ] },
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Write_AGallery_HoldsTheSamplesNextToTheCutInOrder()
    {
        using var harness = new CurationHarness();
        var page = await RunAsync(harness);
        var rows = Rows(harness);
        var kept = rows.Where(r => r.State == "kept").OrderByDescending(Score).ToList();
        var rejected = rows.Where(r => r.State == "rejected" && r.Reason!.StartsWith("select.", StringComparison.Ordinal)).OrderByDescending(Score).ToList();

        Assert.True(kept.Count > 12 && rejected.Count > 12, $"{kept.Count} kept, {rejected.Count} rejected");
        Assert.Equal(kept.Take(6).Select(r => r.Key), KeysOf(page, "Best"));
        Assert.Equal(kept.TakeLast(6).Select(r => r.Key), KeysOf(page, "Just kept"));
        Assert.Equal(rejected.Take(6).Select(r => r.Key), KeysOf(page, "Just rejected"));
        Assert.Equal(rows.Where(r => r.State is "rejected" or "duplicate" && r.Signals[2] is not null).OrderBy(Score).Take(6).Reverse().Select(r => r.Key), KeysOf(page, "Worst"));
        Assert.Equal(rows.Where(r => r.State == "duplicate").Take(6).Select(r => r.Key), KeysOf(page, "Duplicates: another sample stands for each"));
        Assert.Equal(KeysOf(page, null).Count(), Pictures().Count(page));
    }

    [Fact]
    public async Task Write_Pictures_AreTheSamplesOwnAndSmall()
    {
        using var harness = new CurationHarness();
        var page = await RunAsync(harness);
        var best = Convert.FromBase64String(Pictures().Match(page).Groups[1].Value);
        var decoded = new Inference.Images.ImageDecoder().Decode(best).Image!;

        // The brightest square of the pool, 240 x 220 there.
        Assert.Equal((192, 176), (decoded.Width, decoded.Height));
        Assert.InRange(decoded.Pixels.Average(p => (double)p), 240, 255);
        Assert.All(Pictures().Matches(page), p => Assert.InRange(p.Groups[1].Length, 1, 20_000));
    }

    [Fact]
    public async Task Write_Counts_AreTheManifestsAndTheRulesOwn()
    {
        using var harness = new CurationHarness();
        var text = TextOf(await RunAsync(harness));

        Assert.Contains($"kept {harness.Count("kept")} ", text, StringComparison.Ordinal);
        Assert.Contains($"duplicate {harness.Count("duplicate")} ", text, StringComparison.Ordinal);
        Assert.Contains($"basic-filter.minWords {harness.Count("rejected:basic-filter.minWords")} ", text, StringComparison.Ordinal);
        Assert.Contains("image-unknown-format 1 ", text, StringComparison.Ordinal);
        var rows = Rows(harness).Where(r => r.State == "kept" || r.Reason?.StartsWith("select.", StringComparison.Ordinal) == true).ToList();
        var byMin = rows.Count(r => Score(r) >= 0.3f);
        Assert.Contains($"select.clip.min {rows.Count} {byMin} ", text, StringComparison.Ordinal);
        Assert.Contains($"select.clip.min {harness.Count("kept")} ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_CaptionsAndNamesOfStrangers_StayText()
    {
        using var harness = new CurationHarness();
        var page = await RunAsync(harness);

        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
        Assert.Contains("turned [U+202E] around", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u202e", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("""(?i)(src|href|action)\s*=\s*"(?!data:image/jpeg;base64,|#)""", page);
        Assert.DoesNotMatch(@"(?i)url\((?!#c\d)", page);
    }

    [Fact]
    public async Task Write_ContentSecurityPolicy_AllowsItsOwnStyleAndNothingElse()
    {
        using var harness = new CurationHarness();
        var page = await RunAsync(harness);
        var style = Regex.Match(page, "<style>(.*?)</style>", RegexOptions.Singleline).Groups[1].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));

        Assert.Contains($"content=\"default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_Charts_HaveNoTextOfThePlotLibraryAndNamesOfTheirOwn()
    {
        using var harness = new CurationHarness();
        var page = await RunAsync(harness);

        // Its text would be placed by the fonts of the machine.
        Assert.DoesNotContain("font-family", page, StringComparison.Ordinal);
        var ids = Regex.Matches(page, " id=\"([^\"]+)\"").Select(m => m.Groups[1].Value).ToList();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Equal(6, Regex.Count(page, "<svg class=\"plot\""));
        Assert.Contains("class=\"cut\">0.3</text>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_InputGoneAfterWriting_StillReportsWithoutPictures()
    {
        using var harness = new CurationHarness();
        WritePool(harness);
        harness.CrashAfter = (phase, index) =>
        {
            // Two tars and one part are written; publishing is next.
            if (phase == "write" && index == 2)
            {
                File.Delete(Path.Combine(harness.Root, "a.tar"));
            }

            return false;
        };
        await harness.RunAsync(Document, "a.tar");
        Assert.Contains("no picture", await File.ReadAllTextAsync(Path.Combine(harness.Output, "report", "index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_NoSelectAndNothingScored_SaysSo()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), ("k.jpg", "no"u8.ToArray()), ("k.txt", "a caption of words"u8.ToArray()));
        await harness.RunAsync(
            """
            { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "stages": [ { "type": "basic-filter" } ], "output": { "path": "x" } }
            """,
            "a.tar");
        var text = TextOf(await File.ReadAllTextAsync(Path.Combine(harness.Output, "report", "index.html")));
        Assert.Contains("There is no rule: every sample that passed the stages is kept.", text, StringComparison.Ordinal);
        Assert.Contains("No sample has a score.", text, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(CurationHarness harness)
    {
        WritePool(harness);
        await harness.RunAsync(Document, "a.tar");
        return await File.ReadAllTextAsync(Path.Combine(harness.Output, "report", "index.html"));
    }

    private static void WritePool(CurationHarness harness)
    {
        var members = new List<(string, byte[])>();
        for (var i = 0; i < 50; i++)
        {
            var caption = i switch { 49 => "<script>alert(1)</script> a square", 48 => "turned \u202e around a square", < 3 => "short", _ => "a small grey square" };
            members.AddRange(Tars.Sample(Tars.Key(0, i), (byte)(5 * i), caption));
        }

        // Four squares once more, and one that is none.
        for (var i = 0; i < 4; i++)
        {
            members.AddRange(Tars.Sample(Tars.Key(1, i), (byte)(5 * (i + 20)), "the same grey square"));
        }

        members.AddRange([("odd.jpg", "<html>"u8.ToArray()), ("odd.txt", "a small grey square"u8.ToArray())]);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. members]);
    }

    private static List<ScoreRow> Rows(CurationHarness harness)
    {
        using var reader = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores", "part-00000.parquet"));
        return [.. reader.ReadRows()];
    }

    private static float? Score(ScoreRow row) => row.Signals[2];

    /// <summary>Keys of the cards of a gallery, or of all.</summary>
    private static IEnumerable<string> KeysOf(string page, string? title)
    {
        var part = title is null ? page : page[page.IndexOf($"<h4>{title}</h4>", StringComparison.Ordinal)..];
        var end = title is null ? -1 : part.IndexOf("</figure></div>", StringComparison.Ordinal);
        return Regex.Matches(end < 0 ? part : part[..end], "<details><summary>([^<]+)</summary><dl>").Select(m => m.Groups[1].Value);
    }

    private static string TextOf(string page) => WebUtility.HtmlDecode(Regex.Replace(Regex.Replace(page, "<style>.*?</style>|<[^>]*>", " ", RegexOptions.Singleline), @"\s+", " "));

    [GeneratedRegex("src=\"data:image/jpeg;base64,([^\"]+)\"")]
    private static partial Regex Pictures();
}
