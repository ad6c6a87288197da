using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Pages.Tests.Testing;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>The submit page says what the API says.</summary>
public sealed class SubmitPageTests(ApiServer server, Chromium chromium) : IClassFixture<ApiServer>, IClassFixture<Chromium>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_ShowsEveryMistakeThatTheApiFinds(bool script)
    {
        var document = Docs.Curation(server);
        document["stages"]![0]!["minWords"] = -1;
        document["select"]!["topFraction"] = 7;
        document["input"]!["shards"] = new JsonArray("missing/<b>.tar");
        document["colour"] = "red";
        var api = await server.Client.PostJsonAsync("/api/v1/jobs/plan", document);
        await using var visit = await chromium.OpenAsync(server.Address, new() { JavaScriptEnabled = script });
        await visit.Page.GotoAsync("/submit");

        await visit.Page.GetByLabel("Job document").FillAsync(document.ToString());
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();

        Assert.Equal(HttpStatusCode.UnprocessableEntity, api.Status);
        Assert.True(api.ErrorPaths.Count >= 4);
        var shown = visit.Page.Locator("#outcome li");
        await Expect(shown).ToHaveCountAsync(api.ErrorPaths.Count);
        Assert.Equal(api.ErrorPaths, await visit.Page.Locator("#outcome li a").AllTextContentsAsync());
        await Expect(visit.Page.Locator("#outcome")).ToContainTextAsync(api.ErrorAt("$.select.topFraction"));
        await Expect(visit.Page.GetByLabel("Job document")).ToHaveValueAsync(document.ToString());
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task Mistake_LeadsToItsPlaceInTheText()
    {
        var document = Docs.Curation(server);
        document["stages"]![1]!["as"] = "] \\\" {";
        document["select"]!["topFraction"] = 7;
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync("/submit");
        await visit.Page.GetByLabel("Job document").FillAsync(document.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Check" }).PressAsync("Enter");

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "$.select.topFraction" }).PressAsync("Enter");

        await Expect(visit.Page.GetByLabel("Job document")).ToBeFocusedAsync();
        Assert.Equal("7", await SelectionAsync(visit.Page));
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "$.stages[1].as" }).ClickAsync();
        Assert.Equal("\"" + @"] \\\"" {" + "\"", await SelectionAsync(visit.Page));
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task NotJson_SaysWhere()
    {
        await using var visit = await chromium.OpenAsync(server.Address);
        await visit.Page.GotoAsync("/submit");
        await visit.Page.GetByLabel("Job document").FillAsync("{ \"kind\": curation }");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();

        await Expect(visit.Page.Locator("#outcome")).ToContainTextAsync("is not JSON");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ValidDocument_IsCheckedSubmittedAndShown(bool script)
    {
        var document = Docs.Curation(server, shards: 3);
        await using var visit = await chromium.OpenAsync(server.Address, new() { JavaScriptEnabled = script });
        var page = visit.Page;
        await page.GotoAsync("/submit");
        await page.GetByLabel("Job document").FillAsync(document.ToString());

        await page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();
        await Expect(page.Locator("#outcome")).ToContainTextAsync("3 shards");
        await page.GetByRole(AriaRole.Button, new() { Name = "Submit" }).ClickAsync();
        await page.WaitForURLAsync("**/jobs/cur-*");

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync((string)document["name"]!);
        var id = page.Url[(page.Url.LastIndexOf('/') + 1)..];
        await page.GetByRole(AriaRole.Link, new() { Name = "Use as a draft" }).ClickAsync();
        Assert.Contains((string)document["name"]!, await page.GetByLabel("Job document").InputValueAsync(), StringComparison.Ordinal);
        await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        visit.AssertNoTrouble();
    }

    [Fact]
    public async Task SameFormTwice_IsOneJob()
    {
        var client = new Forms(server.Address);
        var form = await client.ReadAsync("/submit");
        var fields = new Dictionary<string, string>(form) { ["document"] = Docs.Curation(server).ToJsonString(), ["action"] = "submit" };

        var first = await client.PostAsync("/submit", fields);
        var second = await client.PostAsync("/submit", fields);

        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
    }

    [Fact]
    public async Task TooLargeDocument_413()
    {
        var client = new Forms(server.Address);
        var fields = new Dictionary<string, string>(await client.ReadAsync("/submit")) { ["document"] = new string(' ', (1 << 20) + 1), ["action"] = "plan" };

        var answer = await client.PostAsync("/submit", fields);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("Limits:MaxDocumentBytes", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static Task<string> SelectionAsync(IPage page) =>
        page.EvaluateAsync<string>("(() => { const t = document.getElementById('document'); return t.value.slice(t.selectionStart, t.selectionEnd); })()");
}
