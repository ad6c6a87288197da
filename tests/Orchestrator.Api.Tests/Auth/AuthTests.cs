using System.Net;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Auth;

/// <summary>A server with one key for each role, and one that belongs to a tenant.</summary>
public sealed class KeyedServer : IAsyncLifetime
{
    public const string Reader = "reader-key-0123456789";
    public const string Submitter = "submitter-key-0123456789";
    public const string Operator = "operator-key-0123456789";
    public const string TeamA = "team-a-key-0123456789";

    public ApiServer Server { get; } = new(new()
    {
        ["Auth:Keys:0:Key"] = Reader,
        ["Auth:Keys:0:Name"] = "ada",
        ["Auth:Keys:0:Roles:0"] = "reader",
        ["Auth:Keys:1:Sha256"] = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Submitter))),
        ["Auth:Keys:1:Name"] = "sam",
        ["Auth:Keys:1:Roles:0"] = "submitter",
        ["Auth:Keys:2:Key"] = Operator,
        ["Auth:Keys:2:Name"] = "olga",
        ["Auth:Keys:2:Roles:0"] = "operator",
        ["Auth:Keys:3:Key"] = TeamA,
        ["Auth:Keys:3:Name"] = "tom",
        ["Auth:Keys:3:Tenant"] = "team-a",
        ["Auth:Keys:3:Roles:0"] = "submitter",
    });

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class AuthTests(KeyedServer keyed) : IClassFixture<KeyedServer>
{
    private readonly HttpClient client = keyed.Server.Client;

    [Theory]
    [InlineData("GET", "/api/v1/jobs", 401, 200, 200, 200)]
    [InlineData("GET", "/api/v1/jobs/cur-000000000000", 401, 404, 404, 404)]
    [InlineData("GET", "/api/v1/jobs/cur-000000000000/events", 401, 404, 404, 404)]
    [InlineData("GET", "/api/v1/jobs/cur-000000000000/artifacts/manifest.json", 401, 404, 404, 404)]
    [InlineData("GET", "/api/v1/workers", 401, 200, 200, 200)]
    [InlineData("GET", "/api/v1/models", 401, 200, 200, 200)]
    [InlineData("POST", "/api/v1/jobs", 401, 403, 415, 415)]
    [InlineData("POST", "/api/v1/jobs/plan", 401, 403, 415, 415)]
    [InlineData("POST", "/api/v1/jobs/cur-000000000000/cancel", 401, 403, 404, 404)]
    [InlineData("DELETE", "/api/v1/jobs/cur-000000000000", 401, 403, 404, 404)]
    [InlineData("POST", "/api/v1/workers/w/cordon", 401, 403, 403, 404)]
    [InlineData("POST", "/api/v1/workers/w/drain", 401, 403, 403, 404)]
    [InlineData("GET", "/dashboard/DashboardCounters", 401, 403, 403, 200)]
    [InlineData("GET", "/health", 200, 200, 200, 200)]
    [InlineData("GET", "/alive", 200, 200, 200, 200)]
    [InlineData("GET", "/metrics", 200, 200, 200, 200)]
    [InlineData("GET", "/openapi/v1.json", 200, 200, 200, 200)]
    public async Task Roles_Matrix(string method, string path, int nobody, int reader, int submitter, int op)
    {
        Assert.Equal(nobody, await StatusAsync(method, path));
        Assert.Equal(reader, await StatusAsync(method, path, ("Authorization", $"Bearer {KeyedServer.Reader}")));
        Assert.Equal(submitter, await StatusAsync(method, path, ("X-Api-Key", KeyedServer.Submitter)));
        Assert.Equal(op, await StatusAsync(method, path, ("Authorization", $"bearer {KeyedServer.Operator}")));
    }

    [Theory]
    [InlineData("Authorization", "Bearer wrong-key-0123456789")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Digest abc")]
    [InlineData("Authorization", "Basic %%%")]
    [InlineData("X-Api-Key", "wrong-key-0123456789")]
    public async Task WrongKey_401ProblemWithChallenge(string header, string value)
    {
        var answer = await client.GetJsonAsync("/api/v1/jobs", (header, value));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal(401, answer.Body.GetProperty("status").GetInt32());
        Assert.Contains(answer.Response.Headers.WwwAuthenticate, c => c.Scheme == "Bearer");
    }

    [Fact]
    public async Task Basic_MayLookButNotAct()
    {
        var basic = ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{KeyedServer.Operator}")));

        Assert.Equal(200, await StatusAsync("GET", "/api/v1/jobs", basic));
        Assert.Equal(401, await StatusAsync("POST", "/api/v1/workers/w/cordon", basic));
    }

    [Fact]
    public async Task TenantKey_SubmitsForItsTenantAndSeesNoOther()
    {
        var own = ("X-Api-Key", KeyedServer.TeamA);
        var all = ("X-Api-Key", KeyedServer.Submitter);
        var mine = await client.PostJsonAsync("/api/v1/jobs", Docs.Curation(keyed.Server), own);
        var theirs = await client.PostJsonAsync("/api/v1/jobs", Docs.Curation(keyed.Server), all);
        var foreign = Docs.Curation(keyed.Server);
        foreign["tenant"] = "team-b";

        Assert.Equal("team-a", mine.Text("tenant"));
        Assert.Equal("default", theirs.Text("tenant"));
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostJsonAsync("/api/v1/jobs", foreign, own)).Status);
        Assert.Equal(404, await StatusAsync("GET", $"/api/v1/jobs/{theirs.Text("id")}", own));
        Assert.Equal(404, await StatusAsync("POST", $"/api/v1/jobs/{theirs.Text("id")}/cancel", own));
        Assert.Equal(200, await StatusAsync("GET", $"/api/v1/jobs/{mine.Text("id")}", all));
        var listed = (await client.GetJsonAsync("/api/v1/jobs", own)).Body.GetProperty("items");
        Assert.Equal(mine.Text("id"), Assert.Single(listed.EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal(0, (await client.GetJsonAsync("/api/v1/jobs?tenant=default", own)).Body.GetProperty("items").GetArrayLength());
    }

    private async Task<int> StatusAsync(string method, string path, params (string, string)[] headers) =>
        (int)(await client.SendAsync(new HttpMethod(method), path, null, headers)).Status;
}
