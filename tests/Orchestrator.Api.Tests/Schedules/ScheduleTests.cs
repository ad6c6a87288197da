using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Api.Schedules;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Schedules;

/// <summary>Schedules through REST and the real submission.</summary>
public sealed class ScheduleTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Route = "/api/v1/schedules";

    [Fact]
    public async Task Create_List_Get_Delete()
    {
        var name = Docs.Unique("nightly");
        var body = Body(name, "30 3 * * 1");
        var created = await server.Client.PostJsonAsync(Route, body);
        Assert.True(created.Status == HttpStatusCode.Created, $"{created.Body}");
        Assert.Equal($"{Route}/{created.Text("id")}", created.Response.Headers.Location!.ToString());
        var next = created.Body.GetProperty("nextAt").GetDateTimeOffset();
        Assert.Equal((DayOfWeek.Monday, new TimeSpan(3, 30, 0), TimeSpan.Zero), (next.DayOfWeek, next.TimeOfDay, next.Offset));
        Assert.Equal(HttpStatusCode.Conflict, (await server.Client.PostJsonAsync(Route, body)).Status);

        var listed = (await server.Client.GetJsonAsync(Route)).Body.EnumerateArray().Single(s => s.GetProperty("name").GetString() == name);
        Assert.Equal(created.Text("id"), listed.GetProperty("id").GetString());
        Assert.True(JsonNode.DeepEquals(body["document"], JsonNode.Parse(listed.GetProperty("document").GetRawText())));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.GetJsonAsync($"{Route}/{created.Text("id")}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Client.SendAsync(HttpMethod.Delete, $"{Route}/{created.Text("id")}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.SendAsync(HttpMethod.Delete, $"{Route}/{created.Text("id")}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetJsonAsync($"{Route}/{created.Text("id")}")).Status);
    }

    [Fact]
    public async Task Create_SeveralMistakes_AreAllReportedWithTheirPaths()
    {
        var body = Body("bad name", "never");
        body["document"]!["priority"] = 9;
        body["document"]!["input"]!["shards"] = new JsonArray("missing.tar");
        body["extra"] = 1;

        var answer = await server.Client.PostJsonAsync(Route, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(["$.cron", "$.document.input.shards[0]", "$.document.priority", "$.extra", "$.name"], answer.ErrorPaths.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task DueTick_MakesOneJobUnderItsTickHoweverManyRunners()
    {
        var (id, tick) = await DueAsync();
        var runner = server.Services.GetRequiredService<ScheduleRunner>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => runner.RunDueAsync(default))));

        var after = await EndedAsync(id);
        Assert.Null(after.LastError);
        Assert.Equal(tick, after.LastTick);
        Assert.True(after.NextAt > TimeProvider.System.GetUtcNow().AddMinutes(-1));
        var job = (await server.Client.GetJsonAsync($"/api/v1/jobs/{after.LastJob}")).Body;
        Assert.EndsWith($"-{ScheduleDocument.TextOf(tick)}", job.GetProperty("output").GetString(), StringComparison.Ordinal);
        Assert.Equal(id, (await server.Services.GetRequiredService<IJobStore>().FindByIdempotencyKeyAsync("scheduled", $"schedule:{id}:{ScheduleDocument.TextOf(tick)}", default)) is { } stored && stored.Id == after.LastJob ? id : "");
    }

    [Fact]
    public async Task DueTick_TakerDiedAfterSubmitting_TheSameJobIsFoundAgain()
    {
        var (id, tick) = await DueAsync();
        var store = server.Services.GetRequiredService<IScheduleStore>();
        var due = (await store.GetScheduleAsync(id, default))!;
        var submitter = server.Services.GetRequiredService<Orchestrator.Api.Jobs.IJobSubmitter>();
        using var document = ScheduleDocument.At(due.Document, tick);
        var lost = await submitter.SubmitAsync(document.RootElement, new("scheduled", "x"), $"schedule:{id}:{ScheduleDocument.TextOf(tick)}", default);

        Assert.Equal(lost.Job!.Id, (await EndedAsync(id)).LastJob);
    }

    [Fact]
    public async Task DueTick_DocumentNoLongerGood_SaysWhyAndGoesOn()
    {
        var (id, _) = await DueAsync(shards: "gone.tar");

        var after = await EndedAsync(id);
        Assert.Null(after.LastJob);
        Assert.Contains("$.input.shards[0]", after.LastError, StringComparison.Ordinal);
        Assert.True(after.NextAt > TimeProvider.System.GetUtcNow().AddMinutes(-1));
    }

    /// <summary>The schedule after its tick, be it dealt with here or by the server's own look, which may hold it now.</summary>
    private async Task<ScheduleRecord> EndedAsync(string id)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var store = server.Services.GetRequiredService<IScheduleStore>();
        while (true)
        {
            timeout.Token.ThrowIfCancellationRequested();
            await server.Services.GetRequiredService<ScheduleRunner>().RunDueAsync(timeout.Token);
            if (await store.GetScheduleAsync(id, timeout.Token) is { LastTick: not null } ended)
            {
                return ended;
            }
        }
    }

    private async Task<(string Id, DateTimeOffset Tick)> DueAsync(string? shards = null)
    {
        var document = Body(Docs.Unique("due"), "* * * * *")["document"]!.AsObject();
        document["tenant"] = "scheduled";
        if (shards is not null)
        {
            document["input"]!["shards"] = new JsonArray(shards);
        }

        // Hours were missed; they make one job together.
        var now = TimeProvider.System.GetUtcNow();
        var tick = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(-3);
        var id = JobId.Create("sch").Value;
        await server.Services.GetRequiredService<IScheduleStore>().CreateScheduleAsync(
            new(id, "scheduled", id, "* * * * *", document.ToJsonString(), "test", tick), 1000, default);
        return (id, tick);
    }

    private JsonObject Body(string name, string cron)
    {
        var document = Docs.Curation(server);
        document["output"] = new JsonObject { ["path"] = $"out/{document["name"]}-{{tick}}" };
        return new JsonObject { ["name"] = name, ["cron"] = cron, ["document"] = document };
    }
}
