using System.Net;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Jobs;

/// <summary>Jobs that no worker takes up.</summary>
public sealed class JobTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Jobs = "/api/v1/jobs";

    [Theory]
    [InlineData("GET", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/cancel")]
    [InlineData("POST", "/pause")]
    [InlineData("POST", "/resume")]
    [InlineData("POST", "/retry")]
    [InlineData("GET", "/shards")]
    [InlineData("GET", "/shards/score-0/attempts")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/result")]
    [InlineData("GET", "/artifacts")]
    [InlineData("GET", "/artifacts/manifest.json")]
    [InlineData("GET", "/report")]
    public async Task UnknownJob_404Problem(string method, string route)
    {
        foreach (var id in new[] { "cur-000000000000", "Not.An.Id" })
        {
            var answer = await server.Client.SendAsync(new HttpMethod(method), $"{Jobs}/{id}{route}");

            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Contains(id, answer.Text("detail"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task UnknownRoute_404Problem() =>
        Assert.Equal(404, (await server.Client.GetJsonAsync("/api/v1/nothing")).Body.GetProperty("status").GetInt32());

    [Fact]
    public async Task List_Pages_NewestFirstWithoutRepeats()
    {
        var ids = new List<string>();
        var tenant = Docs.Unique("tenant");
        for (var i = 0; i < 5; i++)
        {
            var document = Docs.Curation(server);
            document["tenant"] = tenant;
            ids.Add(await server.Client.SubmitAsync(document));
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await server.Client.GetJsonAsync($"{Jobs}?tenant={tenant}&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(j => j.GetProperty("id").GetString()!));
            cursor = page.Body.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);

        ids.Reverse();
        Assert.Equal(ids, seen);
    }

    [Fact]
    public async Task List_Filters_ByStateAndKind()
    {
        var document = Docs.Curation(server);
        document["tenant"] = Docs.Unique("tenant");
        var id = await server.Client.SubmitAsync(document);
        await server.Client.PostJsonAsync($"{Jobs}/{id}/cancel", null);
        await ServerEvents.WaitForStateAsync(server.Client, id, "cancelled");

        Assert.Equal(1, await CountAsync($"tenant={document["tenant"]}&state=cancelled"));
        Assert.Equal(0, await CountAsync($"tenant={document["tenant"]}&state=succeeded-with-failures"));
        Assert.Equal(1, await CountAsync($"tenant={document["tenant"]}&kind=curation"));
        Assert.Equal(0, await CountAsync($"tenant={document["tenant"]}&kind=evaluation"));
    }

    [Theory]
    [InlineData("state=Running")]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=many")]
    [InlineData("cursor=cur-000000000000")]
    public async Task List_BadQuery_400Problem(string query)
    {
        var answer = await server.Client.GetJsonAsync($"{Jobs}?{query}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(400, answer.Body.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Commands_FollowTheStates()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));

        var paused = await CommandAsync(id, "pause");
        var resumed = await CommandAsync(id, "resume");
        var retried = await CommandAsync(id, "retry");

        Assert.Equal((HttpStatusCode.OK, "paused"), (paused.Status, paused.Text("state")));
        Assert.Equal((HttpStatusCode.OK, "running"), (resumed.Status, resumed.Text("state")));
        Assert.Equal((HttpStatusCode.Conflict, "running", id), (retried.Status, retried.Text("state"), retried.Text("jobId")));
    }

    [Fact]
    public async Task Delete_OnlyOnceItHasEnded()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        var early = await server.Client.SendAsync(HttpMethod.Delete, $"{Jobs}/{id}");
        await CommandAsync(id, "cancel");
        await ServerEvents.WaitForStateAsync(server.Client, id, "cancelled");
        var paused = await CommandAsync(id, "pause");
        var late = await server.Client.SendAsync(HttpMethod.Delete, $"{Jobs}/{id}");

        Assert.Equal(HttpStatusCode.Conflict, early.Status);
        Assert.Equal((HttpStatusCode.Conflict, "cancelled"), (paused.Status, paused.Text("state")));
        Assert.Equal(HttpStatusCode.NoContent, late.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetJsonAsync($"{Jobs}/{id}")).Status);
    }

    [Fact]
    public async Task Shards_PagedByIndex()
    {
        var document = Docs.Curation(server, shards: 5);
        var id = await server.Client.SubmitAsync(document);

        var first = await server.Client.GetJsonAsync($"{Jobs}/{id}/shards?phase=score&state=pending&limit=3");
        var second = await server.Client.GetJsonAsync($"{Jobs}/{id}/shards?phase=score&limit=3&cursor={first.Text("nextCursor")}");

        Assert.Equal(["score-0", "score-1", "score-2"], Ids(first));
        Assert.Equal(["score-3", "score-4"], Ids(second));
        Assert.Null(second.Body.GetProperty("nextCursor").GetString());
        Assert.Equal($"{document["name"]}/0003.tar", second.Body.GetProperty("items")[0].GetProperty("input").GetString());
    }

    [Theory]
    [InlineData("?state=lost", HttpStatusCode.BadRequest)]
    [InlineData("?cursor=-1", HttpStatusCode.BadRequest)]
    [InlineData("?limit=1001", HttpStatusCode.BadRequest)]
    [InlineData("?phase=nothing", HttpStatusCode.OK)]
    [InlineData("/score-99/attempts", HttpStatusCode.NotFound)]
    [InlineData("/score/attempts", HttpStatusCode.NotFound)]
    [InlineData("/score-x/attempts", HttpStatusCode.NotFound)]
    public async Task Shards_BadQuery_Answered(string query, HttpStatusCode expected)
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));

        Assert.Equal(expected, (await server.Client.GetJsonAsync($"{Jobs}/{id}/shards{query}")).Status);
    }

    private static IEnumerable<string?> Ids(Answer page) => page.Body.GetProperty("items").EnumerateArray().Select(s => s.GetProperty("id").GetString());

    private Task<Answer> CommandAsync(string id, string verb) => server.Client.PostJsonAsync($"{Jobs}/{id}/{verb}", null);

    private async Task<int> CountAsync(string query) =>
        (await server.Client.GetJsonAsync($"{Jobs}?{query}")).Body.GetProperty("items").GetArrayLength();
}
