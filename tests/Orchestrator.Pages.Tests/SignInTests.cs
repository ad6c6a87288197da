using System.Net;
using Microsoft.Playwright;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Pages.Tests.Testing;
using static Microsoft.Playwright.Assertions;

namespace Orchestrator.Pages.Tests;

/// <summary>A server with keys: a reader, an operator and a submitter of one tenant.</summary>
public sealed class KeyedServer : IAsyncLifetime
{
    public const string Reader = "reader-key-0123456789";
    public const string Operator = "operator; key=\"0123456789\"";
    public const string TeamA = "team-a-key-0123456789";

    public ApiServer Server { get; } = new(new()
    {
        ["Auth:Keys:0:Key"] = Reader,
        ["Auth:Keys:0:Name"] = "ada",
        ["Auth:Keys:0:Roles:0"] = "reader",
        ["Auth:Keys:1:Key"] = Operator,
        ["Auth:Keys:1:Name"] = "olga",
        ["Auth:Keys:1:Roles:0"] = "operator",
        ["Auth:Keys:2:Key"] = TeamA,
        ["Auth:Keys:2:Name"] = "tom",
        ["Auth:Keys:2:Tenant"] = "team-a",
        ["Auth:Keys:2:Roles:0"] = "submitter",
    });

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>Who may see and do what on the pages.</summary>
public sealed class SignInTests(KeyedServer keyed, Chromium chromium) : IClassFixture<KeyedServer>, IClassFixture<Chromium>
{
    private readonly ApiServer server = keyed.Server;

    [Fact]
    public async Task Browser_SignsInLooksAndSignsOut()
    {
        var id = await SubmitAsync();
        await using var visit = await chromium.OpenAsync(server.Address);
        var page = visit.Page;
        await page.GotoAsync($"/jobs/{id}");
        await Expect(page.GetByLabel("Key")).ToBeFocusedAsync();
        await page.GetByLabel("Key").FillAsync("wrong-key-0123456789");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not known");

        await page.GetByLabel("Key").FillAsync(KeyedServer.Operator);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
        Assert.EndsWith($"/jobs/{id}", page.Url, StringComparison.Ordinal);
        await Expect(page.Locator(".who")).ToHaveTextAsync("olga");
        await Expect(page.Locator("#grid")).ToHaveAttributeAsync("data-drawn", "score 2");
        Assert.Equal("", await page.EvaluateAsync<string>("document.cookie"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GotoAsync("/jobs");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Sign in");
        visit.AssertNoTrouble();
    }

    [Theory]
    [InlineData("/jobs")]
    [InlineData("/jobs/cur-000000000000")]
    [InlineData("/workers")]
    [InlineData("/submit")]
    public async Task WithoutKey_LeadsToSignIn(string path)
    {
        using var forms = new Forms(server.Address);

        var answer = await forms.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal($"/sign-in?return={Uri.EscapeDataString(path)}", answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Cookie_IsOutOfReachOfScriptsAndOtherSites()
    {
        using var forms = new Forms(server.Address);

        var answer = await forms.SignInAsync(KeyedServer.Reader);

        var cookie = answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("orchestrator-key=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(KeyedServer.Reader, cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/workers", "/workers")]
    [InlineData("/jobs?state=failed", "/jobs?state=failed")]
    [InlineData("https://example.org/", "/jobs")]
    [InlineData("//example.org/", "/jobs")]
    [InlineData("/\\example.org/", "/jobs")]
    [InlineData("/\t/example.org/", "/jobs")]
    public async Task SignIn_ReturnsOnlyToThisServer(string wanted, string reached)
    {
        using var forms = new Forms(server.Address);

        var answer = await forms.SignInAsync(KeyedServer.Reader, $"/sign-in?return={Uri.EscapeDataString(wanted)}");

        Assert.Equal(reached, answer.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Cookie_LooksThroughTheApiButActsOnlyThroughForms()
    {
        using var forms = new Forms(server.Address);
        await forms.SignInAsync(KeyedServer.Operator);
        var worker = new ScriptedWorker(server.Services, "w1", new ModelInfo("clip-test", "clip", "d1", null));
        await worker.AnnounceAsync();
        var fields = new Dictionary<string, string>(await forms.ReadAsync("/workers")) { ["worker"] = "w1" };

        Assert.Equal(HttpStatusCode.OK, (await forms.Client.GetAsync("/api/v1/workers")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await forms.PostAsync("/api/v1/workers/w1/cordon", fields)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await forms.PostAsync("/workers/cordon", [])).StatusCode);
        Assert.Equal("/sign-in?return=%2Fjobs", (await forms.PostAsync("/workers/cordon", fields, ("Origin", "https://example.org"))).Headers.Location!.ToString());
        Assert.Equal("/sign-in?return=%2Fjobs", (await forms.PostAsync("/workers/cordon", fields, ("Sec-Fetch-Site", "same-site"))).Headers.Location!.ToString());
        Assert.Equal("active", await ModeAsync(forms));
        Assert.Equal("/workers", (await forms.PostAsync("/workers/cordon", fields, ("Origin", server.Address.GetLeftPart(UriPartial.Authority)))).Headers.Location!.ToString());
        Assert.Equal("cordoned", await ModeAsync(forms));
    }

    [Fact]
    public async Task Reader_SeesNoButtonsAndMayNotAct()
    {
        var id = await SubmitAsync();
        using var forms = new Forms(server.Address);
        await forms.SignInAsync(KeyedServer.Reader);
        var page = await forms.Client.GetStringAsync($"/jobs/{id}");
        var fields = await forms.ReadAsync($"/jobs/{id}");

        Assert.DoesNotContain("formaction", page, StringComparison.Ordinal);
        Assert.DoesNotContain("formaction", await forms.Client.GetStringAsync("/workers"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await forms.PostAsync($"/jobs/{id}/cancel", fields)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await forms.PostAsync("/workers/drain", fields)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await forms.Client.GetAsync("/submit")).StatusCode);
    }

    [Fact]
    public async Task Tenant_SeesAndSteersItsOwnJobsOnly()
    {
        var theirs = await SubmitAsync();
        var mine = await SubmitAsync(KeyedServer.TeamA);
        using var forms = new Forms(server.Address);
        await forms.SignInAsync(KeyedServer.TeamA);
        var fields = await forms.ReadAsync($"/jobs/{mine}");
        var list = await forms.Client.GetStringAsync("/jobs");

        Assert.Contains(mine, list, StringComparison.Ordinal);
        Assert.DoesNotContain(theirs, list, StringComparison.Ordinal);
        Assert.DoesNotContain(theirs, await forms.Client.GetStringAsync("/jobs?tenant=default"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await forms.Client.GetAsync($"/jobs/{mine}")).StatusCode);
        foreach (var path in (string[])[$"/jobs/{theirs}", $"/submit?from={theirs}", $"/api/v1/jobs/{theirs}/shards/map", $"/api/v1/jobs/{theirs}/events?after=0"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await forms.Client.GetAsync(path)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await forms.PostAsync($"/jobs/{theirs}/cancel", fields)).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await forms.PostAsync($"/jobs/{mine}/cancel", fields)).StatusCode);
    }

    [Theory]
    [InlineData("/sign-in", 200)]
    [InlineData("/jobs", 200)]
    [InlineData("/jobs?state=x", 400)]
    [InlineData("/jobs/cur-000000000000", 404)]
    [InlineData("/workers", 200)]
    [InlineData("/submit", 200)]
    public async Task EveryPage_CarriesItsHeaders(string path, int status)
    {
        using var forms = new Forms(server.Address);
        if (path != "/sign-in")
        {
            await forms.SignInAsync(KeyedServer.Operator);
        }

        var answer = await forms.Client.GetAsync(path);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.DoesNotContain("<script>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<string> SubmitAsync(string key = KeyedServer.Operator)
    {
        var answer = await server.Client.PostJsonAsync("/api/v1/jobs", Docs.Curation(server), ("X-Api-Key", key));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Text("id");
    }

    private static async Task<string> ModeAsync(Forms forms) =>
        (await forms.Client.GetJsonAsync("/api/v1/workers")).Body.EnumerateArray().Single(w => w.GetProperty("id").GetString() == "w1").GetProperty("mode").GetString()!;
}
