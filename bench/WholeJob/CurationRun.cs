using System.Diagnostics;
using System.Text.Json.Nodes;
using Orchestrator.Cli.Client;
using Orchestrator.Data.Scores;

namespace Orchestrator.Bench.WholeJob;

/// <summary>A curation job from its submission to its published output.</summary>
internal static class CurationRun
{
    /// <summary>Cost of the whole job, and seconds of its score phase.</summary>
    public static async Task<(Cost Whole, double Score)> RunAsync(OrchestratorClient client, IReadOnlyList<BenchModel> models, int images, string output)
    {
        var stages = string.Join(", ", models.Select(m => $$"""{ "type": "{{m.Stage}}", "model": "{{m.Name}}", "as": "{{m.Score}}" }"""));
        var document = JsonNode.Parse($$"""
            { "kind": "curation", "name": "bench", "input": { "shards": ["pool/*.tar"] },
              "stages": [ { "type": "basic-filter" }, {{stages}} ],
              "select": { "by": "clip", "topFraction": 0.3 }, "output": { "path": "{{output}}" } }
            """)!.AsObject();
        var (watch, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var job = await client.SubmitAsync(document, CancellationToken.None);
        await foreach (var _ in client.EventsAsync(job.Id, 0, CancellationToken.None))
        {
        }

        var cost = new Cost(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
        var result = await client.ResultAsync(job.Id, CancellationToken.None);
        return result.Counts.Balanced && result.Counts.Read == images
            ? (cost, result.Timings.First(t => t.Phase == "score").Seconds ?? double.NaN)
            : throw new InvalidOperationException($"{result.State}: {result.Error}");
    }

    /// <summary>Mean cosine of CLIP over all pairs of an output.</summary>
    public static double MeanOf(string output)
    {
        var (sum, count) = (0.0, 0L);
        foreach (var part in Directory.GetFiles(Path.Combine(output, "scores"), "part-*.parquet"))
        {
            using var reader = ScorePartReader.OpenOrThrow(part);
            foreach (var score in reader.ReadColumns("clip").SelectMany(b => b.Signal("clip")).Where(float.IsFinite))
            {
                (sum, count) = (sum + score, count + 1);
            }
        }

        return sum / count;
    }
}
