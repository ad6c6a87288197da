using Microsoft.Playwright;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Pages.Tests.Testing;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>The jobs list and the workers page.</summary>
public sealed class ListTests(ApiServer server, Chromium chromium) : IClassFixture<ApiServer>, IClassFixture<Chromium>
{
    [Fact]
    public async Task Root_LeadsToTheJobs_WhichAppearByThemselves()
    {
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync("/");
        Assert.EndsWith("/jobs", visit.Page.Url, StringComparison.Ordinal);

        var document = Docs.Curation(server);
        var id = await server.Client.SubmitAsync(document);

        var row = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = id });
        await Expect(row).ToContainTextAsync("running");
        await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        await Expect(row).ToContainTextAsync("cancelled");
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync((string)document["name"]!);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Filters_NarrowTheList()
    {
        var stays = await server.Client.SubmitAsync(Docs.Curation(server));
        var ends = await server.Client.SubmitAsync(Docs.Curation(server));
        await server.Client.PostJsonAsync($"/api/v1/jobs/{ends}/cancel", null);
        await ServerEvents.WaitForStateAsync(server.Client, ends, "cancelled");
        await using var visit = await chromium.OpenAsync(server.Address);
        var page = visit.Page;
        await page.GotoAsync("/jobs");

        await page.GetByLabel("State").SelectOptionAsync("cancelled");
        await page.GetByRole(AriaRole.Button, new() { Name = "Filter" }).ClickAsync();

        await Expect(page.Locator("[data-live=list]")).ToContainTextAsync(ends);
        await Expect(page.Locator("[data-live=list]")).Not.ToContainTextAsync(stays);
        await Expect(page.GetByLabel("State")).ToHaveValueAsync("cancelled");
        await page.GetByLabel("Tenant").FillAsync("nobody & co");
        await page.GetByLabel("Tenant").PressAsync("Enter");
        await Expect(page.Locator("[data-live=list]")).ToContainTextAsync("No job matches.");
        await server.Client.PostJsonAsync($"/api/v1/jobs/{stays}/cancel", null);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Filter_WrongState_SaysWhichThereAre()
    {
        await using var visit = await chromium.OpenAsync(server.Address);

        var answer = await visit.Page.GotoAsync("/jobs?state=sleeping");

        Assert.Equal(400, answer!.Status);
        await Expect(visit.Page.Locator("main")).ToContainTextAsync("succeeded-with-failures");
    }

    [Fact]
    public async Task Workers_AreSteeredAndShowIt()
    {
        var worker = new ScriptedWorker(server.Services, "gpu node/1", new ModelInfo("clip-test", "clip", "d1", null), new ModelInfo("broken", "clip", "d2", "no input named pixel_values"));
        await using var visit = await chromium.OpenAsync(server.Address);
        var page = visit.Page;
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await page.GotoAsync("/workers");

        await worker.AnnounceAsync();
        var item = page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "gpu node/1" });
        await Expect(item).ToContainTextAsync("active");
        await Expect(page.Locator("main")).ToContainTextAsync("no input named pixel_values");
        await item.GetByRole(AriaRole.Button, new() { Name = "Cordon gpu node/1", Exact = true }).PressAsync("Enter");
        await Expect(item).ToContainTextAsync("cordoned");
        await item.GetByRole(AriaRole.Button, new() { Name = "Drain gpu node/1" }).PressAsync("Enter");
        await Expect(item).ToContainTextAsync("draining");
        Assert.True((await worker.AnnounceAsync()).Drain);
        await item.GetByRole(AriaRole.Button, new() { Name = "Uncordon gpu node/1" }).PressAsync("Enter");
        await Expect(item).ToContainTextAsync("active");
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Colours_FollowTheSystemUntilChosen()
    {
        await using var visit = await chromium.OpenAsync(server.Address, new() { ColorScheme = ColorScheme.Dark });
        var page = visit.Page;
        Task<string> Background() => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        await page.GotoAsync("/jobs");
        var dark = await Background();

        await page.Locator("#theme").ClickAsync();
        var light = await Background();
        await page.ReloadAsync();

        Assert.Equal("rgb(15, 19, 24)", dark);
        Assert.Equal("rgb(245, 246, 248)", light);
        Assert.Equal(light, await Background());
        await Expect(page.Locator("#theme")).ToHaveAccessibleNameAsync("Colours: Light");
        visit.AssertNoTrouble();
    }
}
