using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Submission;

/// <summary>Evaluation documents over REST: what they would run, and every mistake at once.</summary>
public sealed class EvaluationSubmitTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Post_ValidDocument_IsAJobOfThreePhasesWithAFolderOfItsOwn()
    {
        var (status, body, _) = await PostAsync("jobs", Evaluation(Prompts(40)));
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.StartsWith("eval-", body.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(["acceptance", "losslessness", "speed", "report"], body.GetProperty("allPhases").EnumerateArray().Select(p => p.GetString()));
        Assert.EndsWith(body.GetProperty("id").GetString()!, body.GetProperty("output").GetString(), StringComparison.Ordinal);

        // (1 method + the baseline) x 2 ways of sampling x 40 prompts in slices of 16.
        Assert.Equal(12, body.GetProperty("phases")[0].GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task Plan_ValidDocument_CountsShardsAndModels()
    {
        var (status, body, _) = await PostAsync("jobs/plan", Evaluation(Prompts(3)));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(4, body.GetProperty("shards").GetInt32());
        Assert.Equal(["lm-demo", "lm-draft-demo"], body.GetProperty("models").EnumerateArray().Select(m => m.GetString()));
    }

    [Fact]
    public async Task Post_ManyMistakes_AllAtOnce()
    {
        var document = Evaluation("nowhere.jsonl");
        document["methods"]!.AsArray().Add(new JsonObject { ["type"] = "medussa" });
        document["sampling"]![0]!["temperature"] = -1;
        document["output"] = new JsonObject { ["path"] = "../outside" };

        var (status, body, _) = await PostAsync("jobs", document);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var paths = body.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("path").GetString()).ToHashSet();
        Assert.Superset(new HashSet<string?> { "$.methods[1].type", "$.sampling[0].temperature", "$.output.path" }, paths);
    }

    [Theory]
    [InlineData("{\"question_id\":1,\"category\":\"qa\",\"turns\":[]}", "line 1", "turns")]
    [InlineData("{\"question_id\":1,\"category\":\"qa\",\"turns\":[\"a\"]}\n{\"question_id\":1,\"category\":\"qa\",\"turns\":[\"b\"]}", "line 2", "twice")]
    [InlineData("not json", "line 1", "no JSON")]
    [InlineData("", "prompts", "no prompts")]
    public async Task Post_BrokenPrompts_NamesTheLine(string content, string place, string problem)
    {
        var name = Docs.Unique("broken") + "-prompts.jsonl";
        await File.WriteAllTextAsync(Path.Combine(server.Base, name), content, TestContext.Current.CancellationToken);
        var (status, body, _) = await PostAsync("jobs", Evaluation(name));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var error = Assert.Single(body.GetProperty("errors").EnumerateArray());
        Assert.Equal("$.prompts.path", error.GetProperty("path").GetString());
        Assert.Contains(place, error.ToString(), StringComparison.Ordinal);
        Assert.Contains(problem, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_UnknownKind_NamesTheKinds()
    {
        var (status, body, _) = await PostAsync("jobs", new JsonObject { ["kind"] = "training" });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        var error = Assert.Single(body.GetProperty("errors").EnumerateArray());
        Assert.Equal("$.kind", error.GetProperty("path").GetString());
        Assert.Contains("curation, evaluation", error.ToString(), StringComparison.Ordinal);
    }

    private string Prompts(int count)
    {
        var name = Docs.Unique("prompts") + ".jsonl";
        File.WriteAllLines(Path.Combine(server.Base, name), Enumerable.Range(1, count).Select(i => $$"""{"question_id":{{i}},"category":"qa","turns":["Question {{i}}?"]}"""));
        return name;
    }

    private static JsonObject Evaluation(string prompts) => new()
    {
        ["kind"] = "evaluation",
        ["name"] = "test",
        ["target"] = "lm-demo",
        ["prompts"] = new JsonObject { ["path"] = prompts },
        ["methods"] = new JsonArray(new JsonObject { ["type"] = "draft-model", ["draft"] = "lm-draft-demo", ["gamma"] = 4 }),
        ["sampling"] = new JsonArray(new JsonObject { ["temperature"] = 0 }, new JsonObject { ["temperature"] = 0.8 }),
    };

    private Task<Answer> PostAsync(string path, JsonObject document) => server.Client.PostJsonAsync($"/api/v1/{path}", document);
}
