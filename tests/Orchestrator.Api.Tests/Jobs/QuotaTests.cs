using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Jobs;

/// <summary>A server on which the tenant <c>small</c> may queue five shards and use 100 seconds of slots an hour.</summary>
public sealed class QuotaServer : IAsyncLifetime
{
    public ApiServer Server { get; } = new(new()
    {
        ["Tenants:ByName:small:MaxQueuedShards"] = "5",
        ["Tenants:ByName:small:Weight"] = "2",
        ["Tenants:ByName:busy:MaxDeviceSeconds"] = "100",
        ["Limits:MaxStreams"] = "2",
    });

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public sealed class QuotaTests(QuotaServer quota) : IClassFixture<QuotaServer>
{
    private readonly ApiServer server = quota.Server;

    [Fact]
    public async Task Submit_OverTheQueue_429WithRetryAfterAndNothingStored()
    {
        var first = await server.Client.PostJsonAsync("/api/v1/jobs", Document("small", 3));
        var over = await server.Client.PostJsonAsync("/api/v1/jobs", Document("small", 3));
        var other = await server.Client.PostJsonAsync("/api/v1/jobs", Document("other", 30));

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, over.Status);
        Assert.Equal(429, over.Body.GetProperty("status").GetInt32());
        Assert.Contains("3 queued shards and may have 5", over.Text("detail"), StringComparison.Ordinal);
        Assert.InRange(over.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(HttpStatusCode.Created, other.Status);

        // A repeated post is no new job and needs no room.
        var again = Document("small", 2);
        Assert.Equal(HttpStatusCode.Created, (await server.Client.PostJsonAsync("/api/v1/jobs", again, ("Idempotency-Key", "once"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.PostJsonAsync("/api/v1/jobs", again, ("Idempotency-Key", "once"))).Status);
        var listed = await server.Client.GetJsonAsync("/api/v1/jobs?tenant=small");
        Assert.Equal(2, listed.Body.GetProperty("items").GetArrayLength());

        var seen = (await server.Client.GetJsonAsync("/api/v1/tenants")).Body.EnumerateArray().Single(t => t.GetProperty("tenant").GetString() == "small");
        Assert.Equal((2d, 5L, 5), (seen.GetProperty("weight").GetDouble(), seen.GetProperty("queued").GetInt64(), seen.GetProperty("maxQueuedShards").GetInt32()));
    }

    [Fact]
    public async Task Submit_JobLargerThanTheQueue_422BecauseItNeverFits()
    {
        var answer = await server.Client.PostJsonAsync("/api/v1/jobs", Document("small", 6));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("6 shards", answer.ErrorAt("$"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_DeviceSecondsUsed_429UntilTheyLeaveTheWindow()
    {
        var store = server.Services.GetRequiredService<IJobStore>();
        var halfAnHourAgo = SlotUsage.MinuteOf(TimeProvider.System.GetUtcNow()) - 30;
        await store.AddUsageAsync([new("busy", halfAnHourAgo, 99_000)], 0, default);
        Assert.Equal(HttpStatusCode.Created, (await server.Client.PostJsonAsync("/api/v1/jobs", Document("busy", 1))).Status);
        await store.AddUsageAsync([new("busy", halfAnHourAgo, 1_000)], 0, default);

        var over = await server.Client.PostJsonAsync("/api/v1/jobs", Document("busy", 1));

        Assert.Equal(HttpStatusCode.TooManyRequests, over.Status);
        Assert.InRange(over.Response.Headers.RetryAfter!.Delta!.Value.TotalMinutes, 28, 31);
    }

    [Fact]
    public async Task Events_MoreStreamsThanAKeyMayHold_429UntilOneIsClosed()
    {
        var id = await server.Client.SubmitAsync(Document("streams", 1));
        var first = await OpenAsync(id);
        var second = await OpenAsync(id);

        var third = await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/events");
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.OK, HttpStatusCode.OK), (third.Status, first.StatusCode, second.StatusCode));
        Assert.NotNull(third.Response.Headers.RetryAfter);

        // The job's end ends its streams, and their places are free again.
        await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        await first.Content.ReadAsStringAsync();
        await second.Content.ReadAsStringAsync();
        using var last = await OpenAsync(id);
        Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        first.Dispose();
        second.Dispose();
    }

    private Task<HttpResponseMessage> OpenAsync(string id) =>
        server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/api/v1/jobs/{id}/events")), HttpCompletionOption.ResponseHeadersRead);

    private JsonObject Document(string tenant, int shards)
    {
        var document = Docs.Curation(server, shards);
        document["tenant"] = tenant;
        return document;
    }
}
