using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Cluster.Tests;

public sealed class KilledWorkerTests(PrivatePostgres postgres)
{
    private const int Shards = 24;

    [Fact]
    public async Task Curation_ThreeWorkersOneKilledInMidPhase_GivesTheBytesOfOneWorker()
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("cluster-").FullName;
        try
        {
            await PoolWriter.WriteAsync(Path.Combine(folder, "pool"), new PoolOptions { Shards = Shards, SamplesPerShard = 40, Seed = 5 }, TestContext.Current.CancellationToken);

            await using (var one = new RealCluster(connectionString, folder))
            {
                await one.StartAsync(workers: 1);
                Assert.Equal(JobState.Succeeded, (await one.RunAsync(Document("one"))).State);
            }

            await using var three = new RealCluster(await postgres.CreateDatabaseAsync(), folder);
            await three.StartAsync(workers: 3);
            string? victim = null;
            var lost = 0;
            var result = await three.RunAsync(Document("three"), async e =>
            {
                lost += e.Type == "shard.requeued" ? 1 : 0;
                if (victim is null && e.Type == "progress" && Committed(e.Data) is > 2 and < Shards - 4)
                {
                    // In the middle of the score phase, a worker that holds a shard.
                    var workers = await three.Client.WorkersAsync(TestContext.Current.CancellationToken);
                    if (workers.FirstOrDefault(w => w.Running > 0) is { } busy)
                    {
                        victim = busy.Id;
                        await three.KillAsync(victim);
                    }
                }
            });

            Assert.NotNull(victim);
            Assert.True(lost > 0, "the killed worker held no shard, so the test proved nothing");
            Assert.Equal(JobState.Succeeded, result.State);
            Assert.True(result.Counts.Balanced);
            Assert.True(result.Counts.Captions["synthetic"] > 100, "few captions were written, so the test proved little of them");
            Assert.Equal(RealCluster.Digests(Path.Combine(folder, "one")), RealCluster.Digests(Path.Combine(folder, "three")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Evaluation_TwoAndFourWorkersOneKilledInMidCell_GiveTheAcceptanceFiguresOfOneWorker()
    {
        var folder = Directory.CreateTempSubdirectory("cluster-").FullName;
        try
        {
            File.Copy(Path.Combine(RealCluster.RepositoryRoot(), "samples", "language", "question.jsonl"), Path.Combine(folder, "question.jsonl"));
            await using (var one = new RealCluster(await postgres.CreateDatabaseAsync(), folder))
            {
                await one.StartAsync(workers: 1);
                Assert.Equal(JobState.Succeeded, (await one.RunAsync(Evaluation("one"))).State);
            }

            await using (var two = new RealCluster(await postgres.CreateDatabaseAsync(), folder))
            {
                await two.StartAsync(workers: 2);
                Assert.Equal(JobState.Succeeded, (await two.RunAsync(Evaluation("two"))).State);
            }

            await using var four = new RealCluster(await postgres.CreateDatabaseAsync(), folder);
            await four.StartAsync(workers: 4);
            string? victim = null;
            var lost = 0;
            var result = await four.RunAsync(Evaluation("four"), async e =>
            {
                lost += e.Type == "shard.requeued" ? 1 : 0;
                if (victim is null && e.Type == "progress" && Committed(e.Data, "acceptance") is > 1 and < 10)
                {
                    var workers = await four.Client.WorkersAsync(TestContext.Current.CancellationToken);
                    if (workers.FirstOrDefault(w => w.Running > 0) is { } busy)
                    {
                        victim = busy.Id;
                        await four.KillAsync(victim);
                    }
                }
            });

            Assert.NotNull(victim);
            Assert.True(lost > 0, "the killed worker held no shard, so the test proved nothing");
            Assert.Equal(JobState.Succeeded, result.State);
            Assert.Equal(AcceptanceFiles(Path.Combine(folder, "one")), AcceptanceFiles(Path.Combine(folder, "two")));
            Assert.Equal(AcceptanceFiles(Path.Combine(folder, "one")), AcceptanceFiles(Path.Combine(folder, "four")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The files that no clock may touch; nothing but them is compared.</summary>
    private static SortedDictionary<string, string> AcceptanceFiles(string output)
    {
        var files = RealCluster.Digests(output);
        foreach (var name in files.Keys.Where(name => name != "acceptance.json" && !name.StartsWith("steps", StringComparison.Ordinal) && !name.StartsWith("answers", StringComparison.Ordinal)).ToArray())
        {
            files.Remove(name);
        }

        Assert.True(files.Count >= 8);
        return files;
    }

    private static JsonObject Evaluation(string output) => JsonNode.Parse($$"""
        {
          "kind": "evaluation", "name": "killed-worker", "target": "lm-demo",
          "prompts": { "path": "question.jsonl", "limit": 64 },
          "methods": [ { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 3 }, { "type": "prompt-lookup", "ngram": 3, "gamma": 6 } ],
          "sampling": [ { "temperature": 0.8, "topP": 0.95, "seed": 2 } ],
          "losslessness": { "draws": 100 }, "maxNewTokens": 64, "lanes": { "speed": "off" },
          "output": { "path": "{{output}}" }
        }
        """)!.AsObject();

    private static int Committed(JsonElement data, string phase = "score") =>
        data.GetProperty("phase").GetString() == phase ? data.GetProperty("committed").GetInt32() : 0;

    private static JsonObject Document(string output) => JsonNode.Parse($$"""
        {
          "kind": "curation", "name": "killed-worker",
          "input": { "shards": ["pool/{00000000..{{Shards - 1:D8}}}.tar"] },
          "stages": [
            { "type": "basic-filter" }, { "type": "clip-score", "model": "clip-demo" }, { "type": "siglip-score", "model": "siglip-demo" },
            { "type": "capfilt", "captioner": "blip-caption-demo", "filter": "blip-itm-demo" }, { "type": "dedup" } ],
          "select": { "any": [ { "by": "clip", "topFraction": 0.4 }, { "by": "siglip", "of": "probability", "min": 0.4 }, { "by": "capfilt", "of": "synthetic", "min": 0.95 } ] },
          "output": { "path": "{{output}}", "samplesPerShard": 100 }
        }
        """)!.AsObject();
}
