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
          "losslessness": { "draws": 150 }, "maxNewTokens": 24, "lanes": { "acceptance": "any", "speed": "off" } }
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
        Assert.All(cells.Where(IsSampledMethod), cell =>
        {
            var test = cell.GetProperty("losslessness").GetProperty("statistical");
            Assert.False(test.GetProperty("rejected").GetBoolean());
            Assert.Equal(150, test.GetProperty("draws").GetDouble());
            Assert.InRange(test.GetProperty("degreesOfFreedom").GetInt32(), 3, 30);
            Assert.NotEqual(1, test.GetProperty("temperature").GetDouble());
            Assert.InRange(test.GetProperty("detectableTotalVariation").GetDouble(), 0.05, 0.5);
            var oneStep = cell.GetProperty("losslessness").GetProperty("oneStep");
            if (oneStep.ValueKind == JsonValueKind.Null)
            {
                // Several siblings without replacement have no closed form, and every root may have had several.
                Assert.Equal("draft-tree", cell.GetProperty("method").GetProperty("type").GetString());
            }
            else
            {
                Assert.InRange(oneStep.GetProperty("largestTotalVariation").GetDouble(), 0, 1e-9);
                Assert.True(oneStep.GetProperty("rounds").GetInt64() > 0);
            }
        });
    }

    /// <summary>Typical acceptance changes the law by design, and says by how much on the real model.</summary>
    [Fact]
    public async Task TypicalAcceptance_IsLossyByAMeasuredDistance()
    {
        using var harness = new EvaluationHarness();
        await harness.SucceedAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 8 },
              "methods": [ { "type": "medusa", "heads": "medusa-demo", "tree": "measured", "nodes": 8, "acceptance": "typical" } ],
              "sampling": [ { "temperature": 1, "seed": 2 } ], "losslessness": { "draws": 0 }, "maxNewTokens": 32, "lanes": { "speed": "off" } }
            """);
        var losslessness = harness.Json("result.json").GetProperty("cells")[1].GetProperty("losslessness");
        Assert.Equal("lossy", losslessness.GetProperty("verdict").GetString());
        Assert.Contains("mean total variation of the next token", losslessness.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.InRange(losslessness.GetProperty("oneStep").GetProperty("meanTotalVariation").GetDouble(), 1e-4, 1);
        Assert.True(losslessness.GetProperty("oneStep").GetProperty("meanDivergenceNats").GetDouble() > 0);
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

    /// <summary>A worker that dies between the report's end and its commit: the next attempt finds no lanes, and says what the first said.</summary>
    [Fact]
    public async Task ReportAttemptedAgain_AnswersAsTheFirst()
    {
        using var harness = new EvaluationHarness();
        var end = await harness.RunAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 1 },
              "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 4 } ], "sampling": [ { "temperature": 0 } ], "maxNewTokens": 4, "lanes": { "speed": "off" } }
            """, rough: true);
        Assert.True(end.State == JobState.Succeeded, $"{end.Error} {harness.Failure?.Message}");

        Assert.Equal(2, harness.Reports.Count);
        var (first, second) = (harness.Reports[0].Output!, harness.Reports[1].Output!);
        Assert.Equal((first.Manifest, first.Digest), (second.Manifest, second.Digest));
        Assert.Equal(first.Tally, second.Tally);
        Assert.Equal(2, first.Tally["cells"]);
        Assert.False(Directory.Exists(Path.Combine(harness.Output, ".work")));
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
        var curve = harness.Json("result.json").GetProperty("devices").EnumerateArray().Single().GetProperty("curve").GetProperty("microseconds");
        Assert.Equal(64, curve.GetArrayLength());
        Assert.All(curve.EnumerateArray(), time => Assert.True(time.GetDouble() > 0));
        var chain = cell.GetProperty("prediction").GetProperty("chain");
        Assert.InRange(chain.GetProperty("bestGamma").GetInt32(), 0, 12);
        Assert.Equal(speedup.GetProperty("estimate").GetDouble(), chain.GetProperty("measuredSpeedup").GetDouble());
        Assert.True(chain.GetProperty("bestSpeedup").GetDouble() >= chain.GetProperty("expectedSpeedup").GetDouble());
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

    private static bool IsSampledMethod(JsonElement cell) =>
        cell.GetProperty("method").GetProperty("type").GetString() != "baseline" && cell.GetProperty("sampling").GetProperty("temperature").GetDouble() > 0;
}
