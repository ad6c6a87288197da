using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Tests.Jobs;

/// <summary>Jobs that a scripted worker takes to their end. Tests of one class run one after another, so a lease is the test's own.</summary>
public sealed class WorkedJobTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly ModelInfo Model = new("clip-test", "clip", "digest-1", null);

    private static readonly ModelInfo Broken = new("clip-broken", "clip", "digest-2", "no input named pixel_values");

    private readonly ScriptedWorker worker = new(server.Services, "worker-a", Model, Broken);

    [Fact]
    public async Task Result_AfterTheEnd_CountsEverySample()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        await FinishAsync(id);

        var result = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/result")).Body;

        Assert.Equal("succeeded-with-failures", result.GetProperty("state").GetString());
        var counts = result.GetProperty("counts");
        Assert.Equal(20, counts.GetProperty("read").GetInt64());
        Assert.Equal(9, counts.GetProperty("kept").GetInt64());
        Assert.Equal(10, counts.GetProperty("rejected").GetInt64());
        Assert.Equal(1, counts.GetProperty("quarantined").GetInt64());
        Assert.True(counts.GetProperty("balanced").GetBoolean());
        Assert.Equal(6, counts.GetProperty("rejectedBy").GetProperty("select.clip.topFraction").GetInt64());
        Assert.Equal(1, counts.GetProperty("quarantinedBy").GetProperty("image.truncated").GetInt64());
        var shards = result.GetProperty("inputShards");
        Assert.Equal(1, shards.GetProperty("damaged").GetInt64());
        Assert.Equal("score-1", shards.GetProperty("problems")[0].GetProperty("shard").GetString());
        Assert.Equal("damaged", shards.GetProperty("problems")[0].GetProperty("state").GetString());
        Assert.Equal("ends inside a member", shards.GetProperty("problems")[0].GetProperty("error").GetString());
        Assert.Equal("digest-1", result.GetProperty("models").GetProperty("clip-test").GetProperty("sha256").GetString());
        Assert.Equal(
            ["score", "decide", "write", "publish"], result.GetProperty("timings").EnumerateArray().Select(t => t.GetProperty("phase").GetString()));
        Assert.All(result.GetProperty("timings").EnumerateArray(), t => Assert.True(t.GetProperty("seconds").GetDouble() >= 0));
    }

    [Fact]
    public async Task Result_WhileScoring_HasUndecidedSamples()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        var leases = await worker.LeaseAsync(2);
        await worker.CompleteAsync(leases[0], ScoreTally(damaged: false));

        var counts = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/result")).Body.GetProperty("counts");

        Assert.Equal(10, counts.GetProperty("read").GetInt64());
        Assert.Equal(8, counts.GetProperty("undecided").GetInt64());
        Assert.True(counts.GetProperty("balanced").GetBoolean());
        await CancelAsync(id);
    }

    [Fact]
    public void Counts_WhileTheOutputIsWritten_AreStillThoseOfAllThatWasRead()
    {
        PhaseCounts[] phases =
        [
            new("score", 0, 0, 2, 0, 0, new Dictionary<string, long> { ["read"] = 20, ["rejected"] = 4, ["candidates"] = 16 }),
            new("write", 2, 0, 1, 0, 0, new Dictionary<string, long> { ["read"] = 3, ["kept"] = 2, ["rejected"] = 1 }),
        ];

        var counts = ResultReader.CountSamples(phases);

        Assert.Equal((20, 0, 4, 16), (counts.Read, counts.Kept, counts.Rejected, counts.Undecided));
        Assert.True(counts.Balanced);
    }

    [Fact]
    public async Task Events_ResumeAfterLastEventId_GiveTheRest()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        var live = CollectAsync(id, null);
        await FinishAsync(id);

        var all = await live;
        var middle = all[all.Count / 2].Id;
        var rest = await CollectAsync(id, middle);

        Assert.Equal(Enumerable.Range(1, all.Count).Select(i => (long)i), all.Select(e => e.Id));
        Assert.Equal(all.Where(e => e.Id > middle).Select(e => e.Id), rest.Select(e => e.Id));
        Assert.Equal(4, all.Count(e => e.Type == "phase.started"));
        Assert.Equal("succeeded-with-failures", all[^1].Data.GetProperty("data").GetProperty("state").GetString());
        Assert.Empty(await CollectAsync(id, all[^1].Id));
        var asked = await server.Client.GetStringAsync($"/api/v1/jobs/{id}/events?after={middle}");
        Assert.Equal(rest.Select(e => $"id: {e.Id}"), asked.Split('\n').Where(line => line.StartsWith("id: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Events_LastEventIdNotANumber_400()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));

        Assert.Equal(HttpStatusCode.BadRequest, (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/events", ("Last-Event-ID", "x"))).Status);
        await CancelAsync(id);
    }

    [Fact]
    public async Task FailedShard_ListedWithItsErrorAndAttempt_RetryRunsItAgain()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));
        foreach (var lease in await worker.LeaseAsync(2))
        {
            await worker.FailAsync(lease, "0000.tar is not a tar file; download it again");
        }

        await ServerEvents.WaitForStateAsync(server.Client, id, "failed");
        var shards = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/shards?phase=score&state=failed")).Body.GetProperty("items");
        var attempts = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/shards/score-0/attempts")).Body;
        var problems = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/result")).Body.GetProperty("inputShards").GetProperty("problems");
        var retried = await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/retry", null);

        Assert.Equal(2, shards.GetArrayLength());
        Assert.Contains("download it again", shards[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("failed", attempts[0].GetProperty("outcome").GetString());
        Assert.Equal("worker-a", attempts[0].GetProperty("worker").GetString());
        Assert.Equal(2, problems.GetArrayLength());
        Assert.Equal((HttpStatusCode.OK, "running"), (retried.Status, retried.Text("state")));
        await CancelAsync(id);
    }

    [Fact]
    public async Task Post_ModelOfAnotherKind_SaysWhichFieldTakesWhich()
    {
        await worker.AnnounceAsync();
        var document = Docs.Curation(server);
        document["stages"]!.AsArray().Add(new JsonObject { ["type"] = "siglip-score", ["model"] = "clip-test" });
        document["stages"]!.AsArray().Add(new JsonObject { ["type"] = "capfilt", ["captioner"] = "clip-test", ["filter"] = "nobody" });

        var answer = await server.Client.PostJsonAsync("/api/v1/jobs", document);

        Assert.Equal(["$.stages[2].model", "$.stages[3].captioner", "$.stages[3].filter"], answer.ErrorPaths.Order());
        Assert.Contains("of kind clip, and model takes one of kind siglip, of which workers have none", answer.ErrorAt("$.stages[2].model"), StringComparison.Ordinal);
        Assert.Contains("captioner takes one of kind blip-caption", answer.ErrorAt("$.stages[3].captioner"), StringComparison.Ordinal);
        Assert.Contains("workers have: clip-test", answer.ErrorAt("$.stages[3].filter"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ModelThatNoWorkerHas_NamesThoseThereAre()
    {
        await worker.AnnounceAsync();
        foreach (var (model, expected) in new[] { ("clip-tset", "workers have: clip-test"), ("clip-broken", "no input named pixel_values") })
        {
            var answer = await server.Client.PostJsonAsync("/api/v1/jobs", Docs.Curation(server, model: model));

            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
            Assert.Contains(expected, answer.ErrorAt("$.stages[1].model"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Workers_ListedAndTheirModeIsSet()
    {
        await worker.AnnounceAsync();

        var listed = (await server.Client.GetJsonAsync("/api/v1/workers")).Body.EnumerateArray().Single(w => w.GetProperty("id").GetString() == "worker-a");
        Assert.Equal("active", listed.GetProperty("mode").GetString());
        Assert.Equal("host-a", listed.GetProperty("host").GetString());
        Assert.Equal(2, listed.GetProperty("models").GetArrayLength());
        foreach (var (verb, mode) in new[] { ("cordon", "cordoned"), ("drain", "draining"), ("uncordon", "active") })
        {
            Assert.Equal(mode, (await server.Client.PostJsonAsync($"/api/v1/workers/worker-a/{verb}", null)).Text("mode"));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.PostJsonAsync("/api/v1/workers/worker-z/cordon", null)).Status);
    }

    [Fact]
    public async Task Models_ListedByNameWithTheirWorkers()
    {
        await worker.AnnounceAsync();

        var models = (await server.Client.GetJsonAsync("/api/v1/models")).Body;

        Assert.Equal(["clip-broken", "clip-test"], models.EnumerateArray().Select(m => m.GetProperty("name").GetString()));
        Assert.Equal("no input named pixel_values", models[0].GetProperty("problem").GetString());
        Assert.Equal("worker-a", models[1].GetProperty("workers")[0].GetString());
    }

    private static Dictionary<string, long> ScoreTally(bool damaged)
    {
        var tally = new Dictionary<string, long> { ["read"] = 10, ["rejected"] = 2, ["rejected:basic-filter.minWords"] = 2, ["candidates"] = 8 };
        if (damaged)
        {
            tally["damagedShards"] = 1;
        }

        return tally;
    }

    private async Task FinishAsync(string id)
    {
        foreach (var lease in await worker.LeaseAsync(2))
        {
            var damaged = lease.Lease.Index == 1;
            await worker.CompleteAsync(
                lease, ScoreTally(damaged), damaged ? """{"damage":{"kind":"truncated","offset":512,"message":"ends inside a member"}}""" : "{}");
        }

        await worker.CompleteAsync((await worker.LeaseAsync(1))[0], new() { ["plan.outputTars"] = 1, ["plan.parts"] = 2 });
        foreach (var lease in await worker.LeaseAsync(3))
        {
            await worker.CompleteAsync(lease);
        }

        var manifest = new JsonObject { ["models"] = new JsonObject { ["clip-test"] = new JsonObject { ["sha256"] = "digest-1" } } };
        await worker.CompleteAsync(
            (await worker.LeaseAsync(1))[0],
            new()
            {
                ["read"] = 20,
                ["kept"] = 9,
                ["rejected"] = 10,
                ["rejected:basic-filter.minWords"] = 4,
                ["rejected:select.clip.topFraction"] = 6,
                ["duplicate"] = 0,
                ["quarantined"] = 1,
                ["quarantined:image.truncated"] = 1,
            },
            manifest.ToJsonString());
        await ServerEvents.WaitForStateAsync(server.Client, id, "succeeded-with-failures");
    }

    private async Task CancelAsync(string id)
    {
        await server.Client.PostJsonAsync($"/api/v1/jobs/{id}/cancel", null);
        await ServerEvents.WaitForStateAsync(server.Client, id, "cancelled");
    }

    private async Task<List<ServerEvent>> CollectAsync(string id, long? after)
    {
        var events = new List<ServerEvent>();
        await foreach (var e in ServerEvents.ReadAsync(server.Client, id, after))
        {
            events.Add(e);
        }

        return events;
    }
}
