using System.Text;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Captions and file names of strangers in the report: text, never markup.</summary>
public sealed class HostileReportTests
{
    private const string Markup = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task Report_CaptionsKeysAndFileNamesWithMarkup_AreEncoded()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows allows no such file names.");
        }

        const string shard = $"b\"'{Markup}.tar";
        using var harness = new CurationHarness();
        Tars.Write(
            Path.Combine(harness.Root, "a.tar"),
            [.. Tars.Sample($"one{Markup}", 90, $"a square {Markup} <script>alert(2)</script>"), .. Tars.Sample("two", 200, $"</td></table>{Markup}")]);
        Tars.Write(Path.Combine(harness.Root, "whole.tar"), Tars.Good(0, 3, 3));
        await File.WriteAllBytesAsync(Path.Combine(harness.Root, shard), (await File.ReadAllBytesAsync(Path.Combine(harness.Root, "whole.tar")))[..1500]);
        var end = await harness.RunAsync(
            """{ "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "stages": [ { "type": "clip-score", "model": "bright", "as": "clip" } ], "output": { "path": "x" } }""",
            "a.tar", shard);

        Assert.True(end.State is JobState.Succeeded or JobState.SucceededWithFailures, $"{end.State}: {end.Error}");
        var report = await File.ReadAllTextAsync(Path.Combine(harness.Output, "report", "index.html"), Encoding.UTF8);
        Assert.Contains("b&quot;&#39;&lt;img src=x onerror=alert(1)&gt;.tar", report, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x", report, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script>alert", report, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("</td></table><img", report, StringComparison.OrdinalIgnoreCase);
    }
}
