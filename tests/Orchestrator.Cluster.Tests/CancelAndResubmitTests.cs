using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Cli;
using Orchestrator.Cli.Client;
using Orchestrator.Domain.Jobs;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Cluster.Tests;

/// <summary>
/// A job is cancelled, its folder removed, and another job submitted into the same folder at once: whatever the first job's
/// attempts still do, the second ends with the bytes of a job that had the folder to itself.
/// <c>ORCHESTRATOR_ROUNDS</c> says how many rounds each test makes; 10 by default.
/// </summary>
[Collection(Faults.OneAtATime.Name)]
public sealed class CancelAndResubmitTests(PrivatePostgres postgres)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("ORCHESTRATOR_ROUNDS") ?? "10", CultureInfo.InvariantCulture);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>One process with two slots, on SQLite.</summary>
    [Fact]
    public async Task Dev_TwoSlots_NothingOfTheSecondJobIsLost()
    {
        await using var folder = new PoolFolder();
        await folder.FillAsync();
        var api = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = ServerProcess.Launch(
            "Orchestrator.Cli",
            new Dictionary<string, string>
            {
                ["ConnectionStrings:orchestrator"] = $"Data Source={Path.Combine(folder.Path, "dev.db")}",
                ["Worker:Slots"] = "2",
                ["Inference:IntraOpThreads"] = "1",
                ["Inference:CpuThreads"] = "1",
                ["Telemetry:Enabled"] = "false",
            },
            arguments: ["dev", "--url", "http://127.0.0.1:0", "--dir", folder.Path],
            onLine: line =>
            {
                if (line.StartsWith("API ", StringComparison.Ordinal))
                {
                    api.TrySetResult(new Uri(line["API ".Length..].Trim()));
                }
            });
        using var client = new OrchestratorClient(await api.Task.WaitAsync(TimeSpan.FromMinutes(2), Token));
        await RunRoundsAsync(client, folder, _ => Task.CompletedTask);
    }

    /// <summary>Three workers; in every third round the one that works on the first job is stopped in its tracks and goes on later.</summary>
    [Fact]
    public async Task Cluster_ThreeWorkers_NothingOfTheSecondJobIsLost()
    {
        await using var folder = new PoolFolder();
        await folder.FillAsync();
        await using var cluster = new RealCluster(await postgres.CreateDatabaseAsync(), folder.Path, new Dictionary<string, string> { ["Telemetry:Enabled"] = "false" });
        await cluster.StartAsync(workers: 3);
        string? stopped = null;
        await RunRoundsAsync(cluster.Client, folder, async round =>
        {
            if (stopped is not null)
            {
                cluster.Suspend(stopped, false);
                stopped = null;
            }

            if (round % 3 == 1 && (await cluster.Client.WorkersAsync(Token)).FirstOrDefault(worker => worker.Running > 0) is { } busy)
            {
                stopped = busy.Id;
                cluster.Suspend(stopped, true);
            }
        });
    }

    /// <param name="disturb">Called once while the first job of a round runs, and once while the second does; even and odd numbers.</param>
    private static async Task RunRoundsAsync(OrchestratorClient client, PoolFolder folder, Func<int, Task> disturb)
    {
        var alone = await client.SubmitAsync(Document("alone"), Token);
        Assert.Equal(JobState.Succeeded, await EndAsync(client, alone.Id));
        var expected = RealCluster.Digests(Path.Combine(folder.Path, "alone"));
        var output = Path.Combine(folder.Path, "again");
        for (var round = 0; round < Rounds; round++)
        {
            var first = await client.SubmitAsync(Document("again"), Token);
            await WhenProgressAsync(client, first.Id, 1 + (round % 5));
            await disturb(round);
            await client.CommandAsync(first.Id, "cancel", Token);
            if (Directory.Exists(output))
            {
                Directory.Delete(output, recursive: true);
            }

            var second = await SubmitWhenFreeAsync(client);
            await disturb(2);
            var state = await EndAsync(client, second);
            Assert.True(state == JobState.Succeeded, $"round {round}: {(await client.GetAsync(second, Token)).Error}");
            Assert.Equal(expected, RealCluster.Digests(output));
            Directory.Delete(output, recursive: true);
        }
    }

    private static async Task<string> SubmitWhenFreeAsync(OrchestratorClient client)
    {
        // While an attempt of the first job is at work its output is claimed, and the submission refused.
        string? id = null;
        await Faults.Wait.UntilAsync(
            async () =>
            {
                try
                {
                    id = (await client.SubmitAsync(Document("again"), Token)).Id;
                }
                catch (CliException refused) when (refused.Message.Contains("writes to", StringComparison.Ordinal))
                {
                    // An attempt of the first job is at work still.
                }

                return id is not null;
            },
            Limit);
        return id!;
    }

    private static JsonObject Document(string output) => JsonNode.Parse($$"""
        {
          "kind": "curation", "name": "round",
          "input": { "shards": ["pool/{00000000..00000005}.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "dedup", "method": "sha256" }, { "type": "clip-score", "model": "clip-demo", "as": "clip" } ],
          "select": { "by": "clip", "topFraction": 0.5 },
          "output": { "path": "{{output}}", "samplesPerShard": 20 }
        }
        """)!.AsObject();

    /// <summary>Waits until so many shards of the job have been committed, or it has ended.</summary>
    private static async Task WhenProgressAsync(OrchestratorClient client, string id, int committed)
    {
        var done = 0;
        await foreach (var e in client.EventsAsync(id, 0, Token))
        {
            done = e.Type == "progress" ? e.Data.GetProperty("committed").GetInt32() : done;
            if (done >= committed || e.Type == "phase.finished")
            {
                return;
            }
        }
    }

    private static async Task<JobState> EndAsync(OrchestratorClient client, string id)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Limit);
        await foreach (var _ in client.EventsAsync(id, 0, limit.Token))
        {
            // Ends with the job.
        }

        return (await client.ResultAsync(id, Token)).State;
    }

    private sealed class PoolFolder : IAsyncDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("rounds-").FullName;

        public Task FillAsync() =>
            PoolWriter.WriteAsync(System.IO.Path.Combine(Path, "pool"), new PoolOptions { Shards = 6, SamplesPerShard = 16, Seed = 5 }, Token);

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Path, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
