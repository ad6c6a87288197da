using System.Diagnostics;
using System.Text.Json;

namespace Orchestrator.Worker.Tests.Evaluation;

/// <summary>Spec-Bench's own evaluation code reads our answer files and agrees; its questions run. Spec-Bench stands beside the project and is never part of it.</summary>
public sealed class SpecBenchTests(ITestOutputHelper output)
{
    private const string Variable = "SPEC_BENCH";
    private const string HowTo = "git clone https://github.com/hemingkx/Spec-Bench ../Spec-Bench && export SPEC_BENCH=$PWD/../Spec-Bench (python3 with numpy; PYTHON names another)";

    [Fact]
    public async Task SpeedAndEqual_ReadOurAnswers_AndAgreeOnMat()
    {
        var folder = Folder();
        using var harness = new EvaluationHarness();
        await harness.SucceedAsync("""
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 15 },
              "methods": [ { "type": "early-exit", "layer": 2, "gamma": 3 } ], "sampling": [ { "temperature": 0 } ], "maxNewTokens": 24 }
            """);
        var cell = harness.Json("result.json").GetProperty("cells")[1];
        var id = cell.GetProperty("id").GetString();
        using var process = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("PYTHON") ?? "python3")
        {
            ArgumentList =
            {
                RepositoryFolder.PathOf("tests", "Orchestrator.Worker.Tests", "Evaluation", "Vectors", "spec_bench.py"), folder, RepositoryFolder.PathOf("samples", "models", "lm-demo"),
                Path.Combine(harness.Output, "speed", $"{id}.jsonl"), Path.Combine(harness.Output, "speed", $"{id}-baseline.jsonl"),
            },
            RedirectStandardOutput = true,
        })!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        output.WriteLine(said);
        var theirs = JsonElement.Parse(said);
        Assert.Equal(cell.GetProperty("overall").GetProperty("mat").GetDouble(), theirs.GetProperty("mat").GetDouble(), 1e-9);
        Assert.Equal("Result totally Equal!", theirs.GetProperty("equal").GetString());
        Assert.All(theirs.GetProperty("categories").EnumerateObject(), category =>
            Assert.Equal(cell.GetProperty("categories").GetProperty(category.Name).GetProperty("mat").GetDouble(), category.Value.GetDouble(), 1e-9));
    }

    /// <summary>480 questions, 560 turns: characters that the demo's tokenizer never saw, and prompts longer than its context, cut and said so.</summary>
    [Fact]
    public async Task RealQuestions_AllRun_LongPromptsAreCutVisibly()
    {
        var questions = Path.Combine(Folder(), "data", "spec_bench", "question.jsonl");
        using var harness = new EvaluationHarness();
        await harness.SucceedAsync(
            """
            { "kind": "evaluation", "target": "lm-demo", "prompts": { "path": "", "limit": 480 },
              "methods": [ { "type": "prompt-lookup", "ngram": 3, "gamma": 4 } ], "sampling": [ { "temperature": 0 } ], "maxNewTokens": 8, "lanes": { "speed": "off" } }
            """,
            questions);
        Assert.All(harness.Json("result.json").GetProperty("cells").EnumerateArray(), cell =>
        {
            Assert.Equal(560, cell.GetProperty("overall").GetProperty("requests").GetInt32());
            Assert.Equal(1, cell.GetProperty("overall").GetProperty("coverage").GetDouble());
            Assert.InRange(cell.GetProperty("promptsCut").GetProperty("requests").GetInt32(), 1, 559);
            output.WriteLine($"{cell.GetProperty("method").GetProperty("type")}: {cell.GetProperty("promptsCut").GetRawText()}");
        });
    }

    private static string Folder()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(folder is null || !Directory.Exists(folder), $"Spec-Bench is not there. To run this: {HowTo}");
        return folder!;
    }
}
