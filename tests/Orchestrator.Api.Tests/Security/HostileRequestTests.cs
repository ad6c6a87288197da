namespace Orchestrator.Api.Tests.Security;

/// <summary>
/// Every row of <see cref="HostileRequests"/> against the real server: refused with the right status, as a problem document or page
/// without the secret, and nothing written.
/// </summary>
public sealed class HostileRequestTests(HostileServer hostile) : IClassFixture<HostileServer>
{
    public static TheoryData<string> Names => [.. HostileRequests.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Request_IsRefusedAndNothingIsWritten(string name)
    {
        var row = Assert.Single(HostileRequests.All, r => r.Name == name);
        var before = await hostile.SnapshotAsync();

        var answer = await RawHttp.SendAsync(hostile.Server.Address, row.Make(hostile));

        Assert.True(row.Status == answer.Status, $"{name}: {row.Status} expected, got {answer.Status}\n{answer.Text[..Math.Min(1500, answer.Text.Length)]}");
        Assert.Contains(row.Because ?? "", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(HostileServer.Secret, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at Orchestrator.", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nSet-Cookie: a=b", answer.Text, StringComparison.Ordinal);
        Assert.Equal(before, await hostile.SnapshotAsync());
    }

    [Fact]
    public void Table_HasItsHundred()
    {
        Assert.True(HostileRequests.All.Count >= 100, $"{HostileRequests.All.Count} rows");
        Assert.Equal(HostileRequests.All.Count, HostileRequests.All.Select(r => r.Name).Distinct().Count());
    }

    /// <summary>The rows mean nothing where a good request fails too.</summary>
    [Fact]
    public async Task GoodRequest_OfTheSameShape_IsAnswered()
    {
        foreach (var target in (string[])[$"/api/v1/jobs/{hostile.Job}", $"/api/v1/jobs/{hostile.Job}/artifacts/manifest.json", $"/api/v1/schedules/{hostile.Schedule}", $"/api/v1/webhooks/{hostile.Webhook}/deliveries", $"/jobs/{hostile.Job}"])
        {
            Assert.Equal(200, (await RawHttp.SendAsync(hostile.Server.Address, RawHttp.Request("GET", target, HostileServer.Victim))).Status);
            Assert.Equal(200, (await RawHttp.SendAsync(hostile.Server.Address, RawHttp.Request("GET", target, HostileServer.Operator))).Status);
        }

        var plan = System.Text.Encoding.UTF8.GetBytes(HostileServer.Document("out/good").ToJsonString());
        Assert.Equal(200, (await RawHttp.SendAsync(hostile.Server.Address, RawHttp.Request("POST", "/api/v1/jobs/plan", HostileServer.Stranger, plan))).Status);
    }

    [Fact]
    public async Task Lists_HoldNothingOfOtherTenants()
    {
        foreach (var target in (string[])["/api/v1/jobs", "/api/v1/jobs?tenant=victim", "/api/v1/schedules", "/api/v1/webhooks", "/api/v1/tenants", "/jobs", "/jobs?tenant=victim"])
        {
            var answer = await RawHttp.SendAsync(hostile.Server.Address, RawHttp.Request("GET", target, HostileServer.Stranger));
            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain(hostile.Job, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(hostile.Schedule, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(hostile.Webhook, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"victim\"", answer.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/v1/jobs", "default-src 'none'")]
    [InlineData("/api/v1/nothing", "default-src 'none'")]
    [InlineData("/health", "default-src 'none'")]
    [InlineData("/openapi/v1.json", "default-src 'none'")]
    [InlineData("/docs", "object-src 'none'")]
    [InlineData("/jobs", "default-src 'none'")]
    [InlineData("JOB/report", "sandbox")]
    [InlineData("JOB/artifacts/manifest.json", "sandbox")]
    public async Task Answer_CarriesItsSecurityHeaders(string path, string policy)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path.Replace("JOB", $"/api/v1/jobs/{hostile.Job}", StringComparison.Ordinal));
        request.Headers.Add("X-Api-Key", HostileServer.Victim);
        using var answer = await hostile.Server.Client.SendAsync(request);

        var sent = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains(policy, sent, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors", sent, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains(answer.Headers.GetValues("Referrer-Policy").Single(), (string[])["no-referrer", "same-origin"]);
        Assert.Contains(answer.Headers.GetValues("X-Frame-Options").Single(), (string[])["DENY", "SAMEORIGIN"]);
        Assert.False(answer.Headers.Contains("Server"));
    }
}
