using System.Text.Json;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Evaluation;

/// <summary>Record once, replay many: a replay without the target counts what a run with it counts, round by round.</summary>
public sealed class ReplayTests
{
    private const string Methods = """
        [ { "type": "prompt-lookup", "ngram": [2, 3], "gamma": [3, 9] },
          { "type": "prompt-lookup", "ngram": 3, "gamma": 4, "rule": "newest", "adaptive": true },
          { "type": "draft-model", "draft": "lm-draft-demo", "gamma": [2, 6] },
          { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 6, "stopBelow": 0.5 },
          { "type": "draft-tree", "draft": "lm-draft-demo", "branching": [3, 2] },
          { "type": "retrieval", "datastore": "rest-demo", "gamma": 6, "nodes": 12 },
          { "type": "early-exit", "layer": 2, "gamma": 3 } ]
        """;

    [Fact]
    public async Task Replay_OtherSettings_CountsWhatTheTargetCounts()
    {
        using var recorded = new EvaluationHarness();
        await recorded.SucceedAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 6 }, "record": true,
              "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 2 } ], "sampling": [ { "temperature": 0 }, { "temperature": 0.8 } ],
              "losslessness": { "draws": 0 }, "maxNewTokens": 32, "lanes": { "speed": "off" } }
            """);
        using var live = new EvaluationHarness();
        await live.SucceedAsync($$"""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 6 }, "methods": {{Methods}},
              "sampling": [ { "temperature": 0 } ], "maxNewTokens": 32, "lanes": { "speed": "off" } }
            """);
        var record = recorded.Json("result.json").GetProperty("cells").EnumerateArray()
            .Single(cell => cell.GetProperty("method").GetProperty("type").GetString() == "baseline" && cell.GetProperty("sampling").GetProperty("temperature").GetDouble() == 0)
            .GetProperty("id").GetString()!;

        using var replay = new EvaluationHarness();
        await replay.SucceedAsync(
            $$"""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "format": "record", "limit": 6 }, "methods": {{Methods}},
              "sampling": [ { "temperature": 0 } ], "maxNewTokens": 32 }
            """,
            Path.Combine(recorded.Output, "records", $"{record}.jsonl"));

        var (expected, actual) = (Cells(live), Cells(replay));
        Assert.Equal(12, expected.Count);
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, cell => Assert.Equal(cell.Value, actual[cell.Key]));
        Assert.Equal(
            File.ReadAllText(Path.Combine(live.Output, "answers.jsonl")), File.ReadAllText(Path.Combine(replay.Output, "answers.jsonl")));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(recorded.Output, "records")).Length);
    }

    [Theory]
    [InlineData("\"maxNewTokens\": 40", "at most 16 output tokens")]
    [InlineData("\"maxNewTokens\": 8, \"prompts\": { \"path\": \"\", \"format\": \"record\", \"limit\": 1, \"categories\": [\"none\"] }", "no recorded generation")]
    public async Task Replay_WhatTheRecordLacks_FailsByName(string fields, string message)
    {
        using var recorded = new EvaluationHarness();
        await recorded.SucceedAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 1 }, "record": true,
              "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 2 } ], "maxNewTokens": 16, "lanes": { "speed": "off" } }
            """);
        using var replay = new EvaluationHarness();
        var prompts = fields.Contains("prompts", StringComparison.Ordinal) ? "" : """ "prompts": { "path": "", "format": "record", "limit": 1 },""";
        var end = await replay.RunAsync(
            $$"""{ "kind": "evaluation", "target": "lm-demo",{{prompts}} "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 2 } ], {{fields}} }""",
            promptsPath: Directory.GetFiles(Path.Combine(recorded.Output, "records")).Single());
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains(message, replay.Failure!.Message, StringComparison.Ordinal);
    }

    /// <summary>Counts of every cell, verdict included, by method.</summary>
    private static SortedDictionary<string, string> Cells(EvaluationHarness harness) => new(
        harness.Json("acceptance.json").GetProperty("cells").EnumerateArray().ToDictionary(
            cell => cell.GetProperty("method").GetRawText(),
            cell => string.Join('\n', ((string[])["overall", "categories", "losslessness", "acceptanceByRank"]).Select(name => cell.GetProperty(name).GetRawText()))),
        StringComparer.Ordinal);
}
