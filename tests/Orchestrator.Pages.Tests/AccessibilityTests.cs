using System.Text.Json;
using Microsoft.Playwright;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Pages.Tests.Testing;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>
/// axe-core finds nothing on any page, in either scheme, wide or narrow. With <c>PAGES_SHOTS</c> naming a folder each page is
/// also saved there as a picture, to be looked at.
/// </summary>
public sealed class AccessibilityTests(Chromium chromium) : IClassFixture<Chromium>
{
    private static readonly string? Shots = Environment.GetEnvironmentVariable("PAGES_SHOTS");

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Pages_AreAccessibleAndFit(ColorScheme scheme, int width)
    {
        var axe = Environment.GetEnvironmentVariable("AXE_PATH");
        Assert.SkipWhen(string.IsNullOrEmpty(axe), "axe-core is not here: npm i --ignore-scripts axe-core, and set AXE_PATH to node_modules/axe-core/axe.min.js.");
        var look = $"{scheme}-{width}".ToLowerInvariant();

        // A server of its own: jobs of another case would share the scripted workers.
        await using var server = new ApiServer();
        await server.InitializeAsync();
        await using var visit = await chromium.OpenAsync(
            server.Address, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 900 }, DeviceScaleFactor = width < 500 ? 2 : 1 });
        var audit = new Audit(visit.Page, await File.ReadAllTextAsync(axe!), look);
        var running = await RunningAsync(server);

        await audit.CheckAsync($"/jobs/{running.Id}", "job-running", () => Expect(visit.Page.Locator("#grid")).ToHaveAttributeAsync("data-drawn", "score 400"));
        await audit.CheckAsync("/jobs", "jobs");
        await audit.CheckAsync("/workers", "workers");
        await audit.CheckAsync("/submit", "submit", async () =>
        {
            await visit.Page.GetByLabel("Job document").FillAsync("""{ "kind": "curation", "select": 7 }""");
            await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();
            await Expect(visit.Page.Locator("#outcome li").First).ToBeVisibleAsync();
        });
        await audit.CheckAsync("/jobs/cur-000000000000", "missing");
        await EndAsync(server, running);
        await audit.CheckAsync($"/jobs/{running.Id}", "job-done", () => visit.Page.Locator("iframe.report").ScrollIntoViewIfNeededAsync());
        await audit.CheckAsync($"/jobs/{await EndedJobs.StoreEvaluationAsync(server)}", "evaluation-done");

        Assert.True(audit.Findings.Count == 0, string.Join('\n', audit.Findings));
        visit.AssertNoTrouble();
    }

    /// <summary>A job of which most is scored, some is leased, a little is lost; the leases are still out.</summary>
    private static async Task<RunningJob> RunningAsync(ApiServer server)
    {
        var work = new Work(server, "gpu-node-01");
        var document = Docs.Curation(server, shards: 400, name: "web-subset");
        var id = await server.Client.SubmitAsync(document);
        foreach (var lease in await work.Worker.LeaseAsync(252))
        {
            await (lease.Lease.Index % 41 == 7
                ? work.Worker.FailAsync(lease, $"{lease.Lease.Index:D4}.tar is not a tar file; download it again")
                : work.Worker.CompleteAsync(lease, Work.Scored));
        }

        return new(id, (string)document["output"]!["path"]!, work, await work.Worker.LeaseAsync(8));
    }

    private static async Task EndAsync(ApiServer server, RunningJob job)
    {
        foreach (var lease in job.Leases.Concat(await job.Work.Worker.LeaseAsync(140)))
        {
            await job.Work.Worker.CompleteAsync(lease, Work.Scored);
        }

        var report = Directory.CreateDirectory(Path.Combine(server.Base, job.Output, "report"));
        await File.WriteAllTextAsync(
            Path.Combine(report.FullName, "index.html"), "<!DOCTYPE html><html lang=en><title>Report</title><main><h1>Curation report</h1><p>A report.</p></main></html>");
        await job.Work.FinishAsync(job.Id, 394, "succeeded-with-failures");
    }

    private sealed record RunningJob(string Id, string Output, Work Work, IReadOnlyList<ShardLease> Leases);

    /// <summary>Loads pages and collects what axe-core finds, and whether a page is wider than its window.</summary>
    private sealed class Audit(IPage page, string axe, string look)
    {
        public List<string> Findings { get; } = [];

        public async Task CheckAsync(string path, string name, Func<Task>? prepare = null)
        {
            await page.GotoAsync(path);
            if (prepare is not null)
            {
                await prepare();
            }

            // Evaluated by the debugger, not by the page: the page's policy would refuse it.
            await page.EvaluateAsync(axe);
            var found = await page.EvaluateAsync<JsonElement>("axe.run({ resultTypes: ['violations'], iframes: false })");
            foreach (var violation in found.GetProperty("violations").EnumerateArray())
            {
                var targets = violation.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("html").GetString());
                Findings.Add($"{look} {name}: {violation.GetProperty("id").GetString()} ({violation.GetProperty("impact").GetString()}): {string.Join(" | ", targets.Take(3))}");
            }

            if (await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"))
            {
                Findings.Add($"{look} {name}: wider than the window");
            }

            if (!string.IsNullOrEmpty(Shots))
            {
                await page.EvaluateAsync("scrollTo(0, 0)");
                await page.ScreenshotAsync(new() { Path = Path.Combine(Shots, $"{name}-{look}.png"), FullPage = true });
            }
        }
    }
}
