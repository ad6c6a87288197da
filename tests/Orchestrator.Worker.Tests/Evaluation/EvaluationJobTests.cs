using System.Text.Json;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Evaluation;

public sealed class EvaluationJobTests
{
    private const string AllFamilies = """
        { "kind": "evaluation", "name": "t", "target": "lm-demo", "prompts": { "path": "", "limit": 3 },
          "methods": [
            { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 3 },
            { "type": "draft-tree", "draft": "lm-draft-demo", "branching": [2, 2], "verifier": "sequoia" },
            { "type": "medusa", "heads": "medusa-demo", "tree": "measured", "nodes": 8 },
            { "type": "eagle", "head": "eagle-demo", "depth": 3, "topK": 2, "nodes": 8 },
            { "type": "eagle", "head": "eagle3-demo", "depth": 3, "topK": 2, "nodes": 8 },
            { "type": "mtp", "module": "mtp-demo", "depth": 2 },
            { "type": "prompt-lookup", "ngram": 3, "gamma": 4 },
            { "type": "retrieval", "datastore": "rest-demo", "gamma": 4 },
            { "type": "early-exit", "layer": 2, "gamma": 3 },
            { "type": "lookahead", "window": 3, "ngram": 3 },
            { "type": "jacobi", "gamma": 3 } ],
          "sampling": [ { "temperature": 0 }, { "temperature": 0.7, "topP": 0.9, "seed": 3 } ],
          "maxNewTokens": 24, "lanes": { "acceptance": "any", "speed": "off" } }
        """;

    [Fact]
    public async Task EveryFamily_GreedyOutputsAreTheBaselinesAndSampledOnesAreProved()
    {
        using var harness = new EvaluationHarness();
        var end = await harness.RunAsync(AllFamilies);
        Assert.True(end.State == JobState.Succeeded, $"{end.Error} {harness.Failure?.Message}");

        var cells = harness.Json("result.json").GetProperty("cells").EnumerateArray().ToList();
        Assert.Equal(24, cells.Count);
        Assert.All(cells, cell =>
        {
            var verdict = cell.GetProperty("losslessness").GetProperty("verdict").GetString();
            Assert.Contains(verdict, (string[])(cell.GetProperty("sampling").GetProperty("temperature").GetDouble() == 0 ? ["identical", "near-tie"] : ["exact"]));
            Assert.Equal(1, cell.GetProperty("overall").GetProperty("coverage").GetDouble());
            Assert.Equal(JsonValueKind.Null, cell.GetProperty("speed").ValueKind);
        });
        Assert.Contains(cells, cell => cell.GetProperty("overall").GetProperty("mat").GetDouble() > 1.5);
    }

    [Fact]
    public async Task AnyOrderAnyAttempts_AcceptanceFilesAreTheSameBytes()
    {
        const string Document = """
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 20 },
              "methods": [ { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 3 }, { "type": "prompt-lookup", "ngram": 3, "gamma": 4, "adaptive": true } ],
              "sampling": [ { "temperature": 0.8, "seed": 1, "samples": 2 } ], "maxNewTokens": 12, "lanes": { "speed": "off" } }
            """;
        using var plain = new EvaluationHarness();
        using var rough = new EvaluationHarness();
        Assert.Equal(JobState.Succeeded, (await plain.RunAsync(Document)).State);
        Assert.Equal(JobState.Succeeded, (await rough.RunAsync(Document, rough: true)).State);

        Assert.Equal(plain.AcceptanceFiles(), rough.AcceptanceFiles());
        Assert.True(plain.AcceptanceFiles().Count >= 8);
    }

    [Fact]
    public async Task SpeedLane_ComparesMethodAndBaselineInOneProcess()
    {
        using var harness = new EvaluationHarness();
        var end = await harness.RunAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 4 },
              "methods": [ { "type": "early-exit", "layer": 2, "gamma": 3 } ], "sampling": [ { "temperature": 0 } ], "maxNewTokens": 16 }
            """);
        Assert.True(end.State == JobState.Succeeded, $"{end.Error} {harness.Failure?.Message}");

        var cell = harness.Json("result.json").GetProperty("cells").EnumerateArray().Single(c => c.GetProperty("method").GetProperty("type").GetString() == "early-exit");
        var speed = cell.GetProperty("speed");
        var speedup = speed.GetProperty("speedup");
        Assert.True(speed.GetProperty("ranked").GetBoolean());
        Assert.InRange(speedup.GetProperty("estimate").GetDouble(), speedup.GetProperty("low").GetDouble(), speedup.GetProperty("high").GetDouble());
        Assert.True(speed.GetProperty("baseline").GetProperty("tokensPerSecond").GetDouble() > 0);
        Assert.Equal("cpu", speed.GetProperty("device").GetProperty("provider").GetString());
        Assert.Contains("early-exit", await File.ReadAllTextAsync(Path.Combine(harness.Output, "report", "index.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HeadOfAnotherVocabulary_FailsTheJobByName()
    {
        using var harness = new EvaluationHarness();
        var end = await harness.RunAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 1 },
              "methods": [ { "type": "medusa", "heads": "clip-demo" } ], "sampling": [ { "temperature": 0 } ], "lanes": { "speed": "off" } }
            """);
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("files.heads", harness.Failure!.Message, StringComparison.Ordinal);
    }
}
