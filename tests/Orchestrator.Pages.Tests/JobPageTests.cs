using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Pages.Tests.Testing;
using Orchestrator.Persistence;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>A job's page in a real browser. Waits are for what the page shows, never for time.</summary>
public sealed class JobPageTests(ApiServer server, Chromium chromium) : IClassFixture<ApiServer>, IClassFixture<Chromium>
{
    private const string Hostile = "</td><script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\"> & 'quoted'";

    [Fact]
    public async Task Page_FollowsTheJobByItsEvents()
    {
        var work = new Work(server);
        var id = await server.Client.SubmitAsync(Docs.Curation(server, shards: 4));
        await using var visit = await chromium.OpenAsync(server.Address);
        var page = visit.Page;
        await page.GotoAsync($"/jobs/{id}");

        await work.ScoreAsync(2);
        await Expect(page.Locator("[data-live=figures]")).ToContainTextAsync("2 of 4");
        await Expect(page.Locator("[data-live=samples] caption").First).ToContainTextAsync("200 read");
        await Expect(page.Locator("[data-live=state]")).ToHaveTextAsync("running");
        await Expect(page.Locator("#grid")).ToHaveAttributeAsync("aria-label", "4 shards of phase score: 2 pending, 2 committed");

        await work.ScoreAsync(2);
        await work.FinishAsync(id, 4);
        await Expect(page.Locator("[data-live=state]")).ToHaveTextAsync("succeeded");
        await Expect(page.Locator("[data-live=samples] tbody tr").First).ToContainTextAsync("160");
        await Expect(page.Locator("[data-live=events]")).ToContainTextAsync("Job succeeded");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Result", Exact = true })).ToContainTextAsync("clip-test");
        await Expect(page.Locator("[data-events]")).ToHaveCountAsync(0);

        var events = await server.Services.GetRequiredService<IJobStore>().ReadEventsAsync(JobId.Parse(id), 0, 1000, default);

        // Loaded once, and then at most once for each event: nothing asks without having been told.
        Assert.InRange(PageLoads(visit, id), 2, 1 + events.Count);
        Assert.Single(visit.Requests, url => url.Contains("/events?after=", StringComparison.Ordinal));
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task EverySortOfEvent_IsListenedTo()
    {
        var script = await server.Client.GetStringAsync(await AssetAsync("live.js"));
        foreach (var type in (string[])["job.state", "phase.started", "phase.finished", "progress", "shard.failed", "shard.quarantined", "shard.requeued", "shard.omitted"])
        {
            Assert.Contains($"'{type}'", script, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task HostileTexts_AreShownAndDoNotRun()
    {
        var work = new Work(server, "<b>worker</b>");
        var name = Docs.Unique("hostile");
        var document = Docs.Curation(server, shards: 2, name: name);
        const string file = "a\"><img src=x onerror=hacked=1>.tar";
        File.Copy(Path.Combine(server.Base, name, "0000.tar"), Path.Combine(server.Base, name, file));
        document["input"]!["shards"] = new System.Text.Json.Nodes.JsonArray($"{name}/*.tar");
        var id = await server.Client.SubmitAsync(document);
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync($"/jobs/{id}");

        foreach (var lease in await work.Worker.LeaseAsync(3))
        {
            await work.Worker.FailAsync(lease, Hostile);
        }

        await Expect(visit.Page.Locator("[data-live=state]")).ToHaveTextAsync("failed");
        await Expect(visit.Page.Locator("[data-live=problems] tr").Nth(1)).ToContainTextAsync(Hostile);
        await Expect(visit.Page.Locator("[data-live=problems]")).ToContainTextAsync(file);
        await Expect(visit.Page.Locator("[data-live=events]")).ToContainTextAsync(Hostile);
        await Expect(visit.Page.Locator("#grid")).ToHaveAttributeAsync("aria-label", "3 shards of phase score: 3 failed");
        await visit.Page.Locator("#grid").PressAsync("n");
        await visit.Page.Locator("#grid").PressAsync("Enter");
        await Expect(visit.Page.Locator("#attempts")).ToContainTextAsync(Hostile);
        await Expect(visit.Page.Locator("#attempts")).ToContainTextAsync("<b>worker</b>");
        await visit.Page.ReloadAsync();
        await Expect(visit.Page.Locator("[data-live=events]")).ToContainTextAsync(Hostile);
        await visit.Page.GotoAsync("/workers");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "<b>worker</b>", Exact = true })).ToBeVisibleAsync();

        // The API refuses such a name; a row may be older than the rule.
        var stored = await EndedJobs.StoreAsync(server, Hostile);
        await visit.Page.GotoAsync("/jobs");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = Hostile }).ClickAsync();
        Assert.EndsWith(stored, visit.Page.Url, StringComparison.Ordinal);
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(Hostile);

        Assert.False(await visit.Page.EvaluateAsync<bool>("'hacked' in window"));
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Commands_ByKeyboard_PauseResumeAndCancel()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        await using var visit = await chromium.OpenAsync(server.Address);
        var page = visit.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await page.GotoAsync($"/jobs/{id}");

        await page.Keyboard.PressAsync("Tab");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#content")).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).PressAsync("Enter");
        await Expect(page.Locator("[data-live=state]")).ToHaveTextAsync("paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).PressAsync("Space");
        await Expect(page.Locator("[data-live=state]")).ToHaveTextAsync("running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).PressAsync("Enter");
        await Expect(page.Locator("[data-live=state]")).ToHaveTextAsync("cancelled");
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task CommandThatTheStateRefuses_SaysSoOnThePage()
    {
        var work = new Work(server);
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        await using var visit = await chromium.OpenAsync(server.Address, new() { JavaScriptEnabled = false });
        await visit.Page.GotoAsync($"/jobs/{id}");
        await work.ScoreAsync(2);
        await work.FinishAsync(id, 2);

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();

        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("succeeded");
    }

    [Fact]
    public async Task Grid_ArrowsMoveAndEnterShowsAttempts()
    {
        var work = new Work(server);
        var id = await server.Client.SubmitAsync(Docs.Curation(server, shards: 4));
        var leases = await work.Worker.LeaseAsync(3);
        await work.Worker.CompleteAsync(leases[0], Work.Scored);
        await work.Worker.FailAsync(leases[1], "not a tar file");
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync($"/jobs/{id}");
        var grid = visit.Page.Locator("#grid");
        await Expect(grid).ToHaveAttributeAsync("data-drawn", "score 4");

        await grid.PressAsync("ArrowRight");
        await Expect(visit.Page.Locator("#grid-cell")).ToHaveTextAsync("Shard score-0: committed");
        await grid.PressAsync("n");
        await Expect(visit.Page.Locator("#grid-cell")).ToHaveTextAsync("Shard score-1: failed");
        await grid.PressAsync("Enter");
        await Expect(visit.Page.Locator("#attempts")).ToContainTextAsync("not a tar file");
        await grid.PressAsync("End");
        await Expect(visit.Page.Locator("#grid-cell")).ToHaveTextAsync("Shard score-3: pending");
        await grid.PressAsync("ArrowLeft");
        await Expect(visit.Page.Locator("#grid-cell")).ToHaveTextAsync("Shard score-2: leased");

        await work.Worker.CompleteAsync(leases[2], Work.Scored);
        await Expect(visit.Page.Locator("#grid-cell")).ToHaveTextAsync("Shard score-2: committed");
        await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task ReportAndFiles_AreEmbeddedWithoutRights()
    {
        var work = new Work(server);
        var document = Docs.Curation(server);
        var output = Path.Combine(server.Base, (string)document["output"]!["path"]!);
        var id = await server.Client.SubmitAsync(document);
        await work.ScoreAsync(2);
        Directory.CreateDirectory(Path.Combine(output, "report"));
        await File.WriteAllTextAsync(
            Path.Combine(output, "report", "index.html"), "<h1>The report</h1><p id=p>untouched</p><script>p.textContent='ran'; parent.hacked=1</script>");
        await File.WriteAllTextAsync(Path.Combine(output, "a <b> #1.txt"), "text");
        await work.FinishAsync(id, 2);
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync($"/jobs/{id}");

        var frame = visit.Page.FrameLocator("iframe.report");
        await visit.Page.Locator("iframe.report").ScrollIntoViewIfNeededAsync();
        await Expect(frame.Locator("h1")).ToHaveTextAsync("The report");
        await Expect(frame.Locator("#p")).ToHaveTextAsync("untouched");
        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Page.GetByRole(AriaRole.Link, new() { Name = "a <b> #1.txt" }).ClickAsync());
        Assert.Equal("text", await File.ReadAllTextAsync(await download.PathAsync()));
        Assert.False(await visit.Page.EvaluateAsync<bool>("'hacked' in window"));
    }

    [Fact]
    public async Task Evaluation_ShowsItsCellsAndRanksNoLossyOne()
    {
        var id = await EndedJobs.StoreEvaluationAsync(server);
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync($"/jobs/{id}");

        var rows = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Methods", Exact = true }).Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(3);
        await Expect(rows.Nth(0)).ToHaveTextAsync(new Regex("draft-model lm-draft gamma=4\\s*T=0.8 topP=0.95\\s*3.72\\s*70 %\\s*100 %\\s*1.42\\s*1.27 to 1.55\\s*exact"));
        await Expect(rows.Nth(1)).ToHaveTextAsync(new Regex("medusa <b>heads</b> typical\\s*T=0.8\\s*3.24\\s*15 %\\s*50 %\\s*\\[1.12\\]\\s*–\\s*lossy"));
        await Expect(rows.Nth(2)).ToHaveTextAsync(new Regex("autoregressive\\s*T=0\\s*1.00\\s*–\\s*100 %\\s*–\\s*–\\s*identical"));
        await Expect(visit.Page.Locator("[data-live=results]")).ToContainTextAsync("No speed is ranked");
        await Expect(visit.Page.Locator("#samples-title")).ToHaveCountAsync(0);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task UnknownJob_404Page()
    {
        await using var visit = await chromium.OpenAsync(server.Address);

        var answer = await visit.Page.GotoAsync("/jobs/cur-000000000000");

        Assert.Equal(404, answer!.Status);
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("There is no such job.");
    }

    private static int PageLoads(Visit visit, string id) => visit.Requests.Count(url => url.EndsWith($"/jobs/{id}", StringComparison.Ordinal));

    private async Task<string> AssetAsync(string name)
    {
        var html = await server.Client.GetStringAsync("/jobs");
        var start = html.IndexOf($"/assets/{name}?v=", StringComparison.Ordinal);
        return html[start..html.IndexOf('"', start)];
    }
}
