using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Stages whose models do not serve: the job fails with what is wrong and what to do.</summary>
public sealed class ModelStageFailureTests
{
    [Theory]
    [InlineData("""{ "type": "clip-score", "model": "siglip-demo" }""", "siglip-demo: kind: expected clip, found siglip. Use siglip-score")]
    [InlineData("""{ "type": "dfn-score", "model": "siglip-demo" }""", "siglip-demo: kind: expected clip, found siglip. Use siglip-score")]
    [InlineData("""{ "type": "siglip-score", "model": "clip-demo" }""", "clip-demo: kind: expected siglip, found clip. Use clip-score")]
    [InlineData("""{ "type": "clip-score", "model": "blip-itm-demo" }""", "blip-itm-demo")]
    [InlineData("""{ "type": "capfilt", "captioner": "clip-demo", "filter": "blip-itm-demo" }""", "clip-demo: kind: expected blip-caption, found clip")]
    [InlineData("""{ "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-caption-demo" }""", "blip-caption-demo: kind: expected blip-itm, found blip-caption")]
    [InlineData("""{ "type": "capfilt", "captioner": "nobody", "filter": "blip-itm-demo" }""", "nobody: model: expected one of [blip-caption-demo,")]
    [InlineData("""{ "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo", "maxLength": 100 }""", "has 64 places for tokens, 100 asked for")]
    [InlineData("""{ "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo", "minLength": 0, "maxLength": 3 }""", "must be above 4, the prompt's tokens")]
    public async Task Run_ModelThatDoesNotServe_FailsAndSaysWhy(string stage, string message)
    {
        using var models = new ScoringModels(new ModelCatalog([RepositoryFolder.PathOf("samples", "models")]), new InferenceOptions { IntraOpThreads = 1 });
        Assert.Contains(message, await FailAsync(models, stage), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SiglipWithoutBias_NamesTheFieldOfTheManifest()
    {
        var root = Directory.CreateTempSubdirectory("models-").FullName;
        try
        {
            var folder = Path.Combine(root, "siglip-demo");
            Copy(RepositoryFolder.PathOf("samples", "models", "siglip-demo"), folder);
            var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "orchestrator.json")))!.AsObject();
            manifest.Remove("logit_bias");
            File.WriteAllText(Path.Combine(folder, "orchestrator.json"), manifest.ToJsonString());
            using var models = new ScoringModels(new ModelCatalog([root]), new InferenceOptions { IntraOpThreads = 1 });
            Assert.Contains("orchestrator.json: logit_bias: expected a number", await FailAsync(models, """{ "type": "siglip-score", "model": "siglip-demo" }"""), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<string> FailAsync(ScoringModels models, string stage)
    {
        using var harness = new CurationHarness(models);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), Tars.Good(0, 2, 2));
        var end = await harness.RunAsync($$"""{ "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "stages": [ {{stage}} ], "output": { "path": "x" } }""", "a.tar");
        Assert.Equal(JobState.Failed, end.State);
        var failure = harness.Failures["score-0"];
        Assert.Equal(FailureKind.Fatal, failure.Kind);
        return failure.Message;
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
