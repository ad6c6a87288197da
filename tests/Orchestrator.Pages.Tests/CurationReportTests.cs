using Microsoft.Playwright;
using Orchestrator.Pages.Tests.Testing;
using Orchestrator.Worker.Tests.Curation;

namespace Orchestrator.Pages.Tests;

/// <summary>
/// The report of a real curation job, opened as a file: one request, nothing refused by its own policy, no sideways scrolling, every
/// picture there; axe-core finds nothing where it is at hand. With <c>PAGES_SHOTS</c> naming a folder it is saved there as a picture.
/// </summary>
public sealed class CurationReportTests(Chromium chromium, CurationReportTests.Job job) : IClassFixture<Chromium>, IClassFixture<CurationReportTests.Job>
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Report_AsAFile_StandsAloneAndFits(ColorScheme scheme, int width)
    {
        var folder = new Uri($"file://{job.Folder}/");
        await using var visit = await chromium.OpenAsync(folder, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 } });
        await visit.Page.GotoAsync(new Uri(folder, "index.html").ToString());

        Assert.Single(visit.Requests, r => !r.StartsWith("data:", StringComparison.Ordinal));
        Assert.True(await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, "the page is wider than the window");
        var pictures = await visit.Page.Locator("figure img").CountAsync();
        Assert.True(pictures >= 12, $"{pictures} pictures");
        Assert.Equal(pictures, await visit.Page.EvaluateAsync<int>("(async () => { const all = [...document.images]; all.forEach(i => i.loading = 'eager'); await Promise.all(all.map(i => i.decode())); return all.filter(i => i.naturalWidth > 0).length; })()"));
        var bars = visit.Page.Locator("svg.plot rect[fill='#202020']").First;
        Assert.Equal(scheme == ColorScheme.Dark ? "rgb(74, 222, 128)" : "rgb(21, 128, 61)", await bars.EvaluateAsync<string>("bar => getComputedStyle(bar).fill"));
        if (Environment.GetEnvironmentVariable("AXE_PATH") is { Length: > 0 } axe)
        {
            // The page's policy lets no script in; the audit comes over the debugger.
            await visit.Page.EvaluateAsync(await File.ReadAllTextAsync(axe));
            Assert.Equal("[]", await visit.Page.EvaluateAsync<string>("axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))"));
        }

        if (Environment.GetEnvironmentVariable("PAGES_SHOTS") is { Length: > 0 } shots)
        {
            await visit.Page.ScreenshotAsync(new() { Path = Path.Combine(shots, $"report-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
        }

        visit.AssertNoTrouble();
    }

    public sealed class Job : IAsyncLifetime
    {
        private readonly CurationHarness harness = new();

        internal string Folder => Path.Combine(harness.Output, "report");

        public async ValueTask InitializeAsync()
        {
            var members = Enumerable.Range(0, 40).SelectMany(i => Tars.Sample(Tars.Key(0, i), (byte)(6 * i), i == 39 ? "<img src=x onerror=alert(1)> a square" : "a small grey square"));
            Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. members, ("odd.jpg", "<html>"u8.ToArray()), ("odd.txt", "a small grey square"u8.ToArray())]);
            await harness.RunAsync(
                """
                { "kind": "curation", "name": "a-name-that-needs-a-second-line-on-a-small-phone", "input": { "shards": ["a.tar"] },
                  "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "bright", "as": "clip" } ],
                  "select": { "all": [ { "by": "clip", "topFraction": 0.5 }, { "by": "clip", "min": 0.3 } ] }, "output": { "path": "x" } }
                """,
                "a.tar");
        }

        public ValueTask DisposeAsync()
        {
            harness.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
