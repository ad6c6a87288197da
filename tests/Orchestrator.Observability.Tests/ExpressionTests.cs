using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Npgsql;
using Orchestrator.Cluster.Tests;
using Orchestrator.Domain.Jobs;
using Orchestrator.Observability.Tests.Prometheus;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Observability.Tests;

/// <summary>
/// A real Prometheus beside a real cluster of two workers: a run as it should be, and runs with faults before and after it. Every
/// expression of every panel has data in the first, or stands on the list of those that only faults give and has data in the
/// others. No alert's expression holds after the healthy run, those on slowness left out; each holds in a run with its fault.
/// </summary>
[Collection("clusters")]
public sealed class ExpressionTests(PrivatePostgres postgres)
{
    /// <summary>Metrics that appear with their first event, which a healthy run does not have.</summary>
    private static readonly string[] FaultOnly = ["orchestrator_recovery_duration_seconds", "orleans_messaging_pings_reply_missed_total"];

    /// <summary>Alerts on slowness, which a machine that is busy with something else shows without any fault of the cluster's.</summary>
    private static readonly string[] OfTheMachine = ["OrchestratorStoreSlow", "OrchestratorMembershipTrouble"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    [Fact(Timeout = 420_000)]
    public async Task Expressions_OfEveryPanelAndAlert_HaveDataWhereTheyShould()
    {
        var token = TestContext.Current.CancellationToken;
        await using var prometheus = await PrometheusServer.StartAsync();
        var connectionString = await postgres.CreateDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("expressions-").FullName;
        try
        {
            await WritePoolAsync(folder, "good", shards: 12, samples: 60, new DefectRates(), token);
            await WritePoolAsync(folder, "bad", shards: 24, samples: 60, DefectRates.Clean with { TruncatedImage = 0.6 }, token);
            await WritePoolAsync(folder, "unreadable", shards: 12, samples: 1, DefectRates.Clean, token);
            await WritePoolAsync(folder, "long", shards: 1, samples: 600, DefectRates.Clean, token);
            File.Copy(Path.Combine(RealCluster.RepositoryRoot(), "samples", "language", "question.jsonl"), Path.Combine(folder, "question.jsonl"));
            await using var cluster = new RealCluster(connectionString, folder, new Dictionary<string, string>
            {
                ["Dispatch:LeaseTtl"] = "00:00:03",
                ["Dispatch:MaxWorkerDeaths"] = "2",
                ["Dispatch:RetryBaseDelay"] = "00:00:00.100",
                ["Worker:MaxPrefetch"] = "2",
            });
            await cluster.StartAsync(workers: 2);
            prometheus.Scrape([cluster.Client.Server, .. cluster.WorkerAddresses.Values]);
            await prometheus.UntilAsync("count(orleans_consistent_ring_size == 3) == 3", Patience);

            var stuck = await RunStuckAsync(cluster, prometheus);
            var healthy = await RunHealthyAsync(cluster, prometheus);
            var faulty = await RunFaultyAsync(cluster, prometheus, connectionString);

            var wrong = await JudgeAsync(prometheus, healthy, [stuck, faulty]);
            Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Before anything was committed: shards wait, and the only workers may take none.</summary>
    private static async Task<Range> RunStuckAsync(RealCluster cluster, PrometheusServer prometheus)
    {
        var from = DateTimeOffset.UtcNow;
        using var http = new HttpClient { BaseAddress = cluster.Client.Server };
        await ForEachWorkerAsync(cluster, http, "cordon");
        var job = await cluster.Client.SubmitAsync(Document("good", "stuck"), TestContext.Current.CancellationToken);
        foreach (var alert in (string[])["OrchestratorNoProgress", "OrchestratorDeviceIdle"])
        {
            await prometheus.UntilAsync(DashboardFiles.Text(DashboardFiles.Rules("alert").Single(r => r.Name == alert).Rule, "expr"), Patience);
        }

        await ForEachWorkerAsync(cluster, http, "uncordon");
        await UntilEndedAsync(cluster, job.Id);
        Assert.Equal(JobState.Succeeded, (await cluster.RunAsync(Evaluation("first-steps"))).State);
        return new(from, DateTimeOffset.UtcNow);
    }

    private static async Task<Range> RunHealthyAsync(RealCluster cluster, PrometheusServer prometheus)
    {
        // The second job: what the first one's last seconds counted for the first time rises for Prometheus only now.
        const string kept = "orchestrator_curation_samples_total{stage=\"select\",outcome=\"kept\"}";
        var from = DateTimeOffset.UtcNow;
        Assert.Equal(JobState.Succeeded, (await cluster.RunAsync(Evaluation("steps"))).State);
        await prometheus.UntilAsync("min(count_over_time(orchestrator_evaluation_tokens_total[60s])) >= 2", Patience);
        for (var run = 1; ; run++)
        {
            var before = (await prometheus.QueryAsync($"sum({kept})")).Single().Values[0];
            Assert.Equal(JobState.Succeeded, (await cluster.RunAsync(Document("good", $"healthy-{run}"))).State);

            // What the last phases counted is there only after the next scrape, and a rate of it only after the one that follows.
            await prometheus.UntilAsync($"sum({kept}) > {before.ToString(CultureInfo.InvariantCulture)}", Patience);
            await prometheus.UntilAsync($"min(count_over_time({kept}[60s])) >= 2", Patience);

            // The last phase is one shard: on a worker that has not done it before, its series starts at its end and does not rise. Of
            // two workers one has done it by the third time.
            if ((await prometheus.QueryAsync($"sum(increase({kept}[60s])) > 0")).Any(s => s.HasData))
            {
                break;
            }

            Assert.True(run < 3, "three jobs of two workers, and no count rose");
        }

        await prometheus.UntilAsync("sum(orchestrator_jobs_active) == 0 or absent(orchestrator_jobs_active)", Patience);
        return new(from, DateTimeOffset.UtcNow);
    }

    /// <summary>A slow store, a cancelled job, inputs that cannot be read, a stalled worker and a killed one.</summary>
    private static async Task<Range> RunFaultyAsync(RealCluster cluster, PrometheusServer prometheus, string connectionString)
    {
        var (from, token) = (DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = cluster.Client.Server };
        await ForEachWorkerAsync(cluster, http, "cordon");
        var stopped = await cluster.Client.SubmitAsync(Document("bad", "stopped"), token);
        var unreadable = await cluster.Client.SubmitAsync(Document("unreadable", "no-input"), token);
        await prometheus.UntilAsync("sum(orchestrator_queue_shards{state=\"pending\"}) == 36", Patience);
        foreach (var tar in Directory.GetFiles(Path.Combine(cluster.Folder, "unreadable"), "*.tar"))
        {
            // A folder in its place: opening it fails in a way that may pass, so it is tried again.
            File.Delete(tar);
            Directory.CreateDirectory(tar);
        }

        await ForEachWorkerAsync(cluster, http, "uncordon");
        await prometheus.UntilAsync("sum(orchestrator_queue_shards{state=\"leased\"}) > 0", Patience);

        // Twice two workers: enough to be the slowest hundredth of some hundred writes.
        await SlowStoreAsync(connectionString);
        await SlowStoreAsync(connectionString);

        // Workers that complete a shard between the cancel and their next exchange are refused.
        await cluster.Client.CommandAsync(stopped.Id, "cancel", token);
        await UntilEndedAsync(cluster, unreadable.Id);

        // Its only shard loses two workers: one stalls for longer than the lease lasts, the other is killed.
        var last = await cluster.Client.SubmitAsync(Document("long", "last"), token);
        var stalled = await HolderAsync(http, last.Id, except: null);
        cluster.Suspend(stalled, suspended: true);
        await prometheus.UntilAsync("sum(orchestrator_shards_requeued_total{reason=\"expired\"}) > 0", Patience);
        await cluster.KillAsync(await HolderAsync(http, last.Id, except: stalled));
        await prometheus.UntilAsync(DashboardFiles.Text(DashboardFiles.Rules("alert").Single(r => r.Name == "OrchestratorShardsQuarantined").Rule, "expr"), Patience);
        cluster.Suspend(stalled, suspended: false);
        await UntilEndedAsync(cluster, last.Id);
        await prometheus.UntilAsync("sum(orchestrator_jobs_active) == 0 or absent(orchestrator_jobs_active)", Patience);
        return new(from, DateTimeOffset.UtcNow);
    }

    private static async Task ForEachWorkerAsync(RealCluster cluster, HttpClient http, string verb)
    {
        foreach (var worker in cluster.WorkerAddresses.Keys)
        {
            (await http.PostAsync($"api/v1/workers/{worker}/{verb}", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        }
    }

    private static async Task UntilEndedAsync(RealCluster cluster, string job)
    {
        await foreach (var _ in cluster.Client.EventsAsync(job, 0, TestContext.Current.CancellationToken))
        {
        }
    }

    /// <summary>Every write of the store waits for this transaction.</summary>
    private static async Task SlowStoreAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("LOCK TABLE shards IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.5)", connection, transaction);
        await hold.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    /// <summary>Waits until a worker, another one than <paramref name="except"/>, holds a shard of the job; its id.</summary>
    private static async Task<string> HolderAsync(HttpClient http, string job, string? except)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var page = await http.GetFromJsonAsync<JsonObject>($"api/v1/jobs/{job}/shards?state=leased", TestContext.Current.CancellationToken);
            if (page!["items"]!.AsArray().Select(shard => (string)shard!["worker"]!).FirstOrDefault(worker => worker != except) is { } holder)
            {
                return holder;
            }

            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private static async Task<List<string>> JudgeAsync(PrometheusServer prometheus, Range healthy, Range[] faulty)
    {
        var wrong = new List<string>();
        var records = DashboardFiles.Rules("record").Select(r => (r.Name, r.Rule)).ToArray();
        foreach (var (where, expression) in DashboardFiles.Expressions().Concat(records.Select(r => (r.Name, DashboardFiles.Text(r.Rule, "expr")))))
        {
            if (!await HasDataAsync(expression, FaultOnly.Any(m => expression.Contains(m, StringComparison.Ordinal)) ? faulty : [healthy]))
            {
                wrong.Add($"{where}: no data from {expression}");
            }
        }

        foreach (var (name, rule) in DashboardFiles.Rules("alert"))
        {
            var expression = DashboardFiles.Text(rule, "expr");
            if (!OfTheMachine.Contains(name) && (await prometheus.QueryAtAsync(expression, healthy.To)).Count > 0)
            {
                wrong.Add($"{name}: holds after a healthy run");
            }

            if (!await HasDataAsync(expression, faulty))
            {
                wrong.Add($"{name}: did not hold in the run with its fault");
            }
        }

        return wrong;

        async Task<bool> HasDataAsync(string expression, Range[] ranges)
        {
            foreach (var range in ranges)
            {
                if ((await prometheus.QueryRangeAsync(expression, range.From, range.To)).Any(s => s.HasData))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private static Task WritePoolAsync(string folder, string name, int shards, int samples, DefectRates rates, CancellationToken token) => PoolWriter.WriteAsync(
        Path.Combine(folder, name), new PoolOptions { Shards = shards, SamplesPerShard = samples, Seed = 8, Rates = rates }, token);

    private static JsonObject Document(string pool, string output) => JsonNode.Parse($$"""
        {
          "kind": "curation", "name": "watched", "input": { "shards": ["{{pool}}/*.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "clip-demo", "as": "clip" } ],
          "select": { "by": "clip", "topFraction": 0.4 },
          "output": { "path": "{{output}}", "samplesPerShard": 100 }
        }
        """)!.AsObject();

    /// <summary>A real evaluation, small: its steps feed the panels of the evaluation dashboard.</summary>
    private static JsonObject Evaluation(string output) => JsonNode.Parse($$"""
        {
          "kind": "evaluation", "name": "watched-steps", "target": "lm-demo", "prompts": { "path": "question.jsonl", "limit": 48 },
          "methods": [ { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 4 } ],
          "maxNewTokens": 24, "lanes": { "speed": "off" }, "output": { "path": "{{output}}" }
        }
        """)!.AsObject();

    private sealed record Range(DateTimeOffset From, DateTimeOffset To);
}
