using System.Text.Json.Nodes;
using Orchestrator.Cluster.Tests;
using Orchestrator.Contracts;
using Orchestrator.Domain.Jobs;
using Orchestrator.Observability.Tests.Otlp;
using Orchestrator.Samples.PoolGenerator;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Observability.Tests;

/// <summary>One job over one Api and two worker processes, seen by a receiver of the real protocol.</summary>
[Collection("clusters")]
public sealed class JobTraceTests(PrivatePostgres postgres)
{
    private const int Shards = 16;
    private const string Api = "Orchestrator.Api";
    private const string Worker = "Orchestrator.Worker";

    [Fact(Timeout = 300_000)]
    public async Task Job_OverThreeProcesses_IsOneTraceAndItsLogsCarryIt()
    {
        var connectionString = await postgres.CreateDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("trace-").FullName;
        try
        {
            await PoolWriter.WriteAsync(
                Path.Combine(folder, "pool"), new PoolOptions { Shards = Shards, SamplesPerShard = 30, Seed = 6 }, TestContext.Current.CancellationToken);
            await using var receiver = await OtlpReceiver.StartAsync();
            await using var cluster = new RealCluster(connectionString, folder, new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
                ["Logging:LogLevel:Orchestrator.Worker"] = "Debug",
            });
            await cluster.StartAsync(workers: 2);
            var job = await cluster.Client.SubmitAsync(Document(), TestContext.Current.CancellationToken);
            await foreach (var _ in cluster.Client.EventsAsync(job.Id, 0, TestContext.Current.CancellationToken))
            {
            }

            var result = await cluster.Client.ResultAsync(job.Id, TestContext.Current.CancellationToken);
            Assert.Equal(JobState.Succeeded, result.State);

            // Attempts: score, decide, write (a part for each shard and the output tars) and publish.
            await receiver.UntilAsync(
                r => OfJob(r, job.Id, TelemetryNames.AttemptSpan).Any(s => s.Tags[JobTrace.PhaseTag] == "publish")
                    && OfJob(r, job.Id, TelemetryNames.AttemptSpan).Count(s => s.Tags[JobTrace.PhaseTag] == "score") == Shards
                    && OfJob(r, job.Id, TelemetryNames.AdvanceSpan).Count() >= 4
                    && r.Received.MetricRequests > 0,
                TimeSpan.FromSeconds(60));
            await cluster.TerminateAsync();

            AssertOneTrace(receiver.Received.Spans, job.Id);
            AssertLogs(receiver.Received.Logs, receiver.Received.Spans, job.Id);

            // The calls by which workers ask for work go on with or without a job, and are in no trace.
            Assert.DoesNotContain(receiver.Received.Spans, s => s.Name.Contains("Exchange", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<ReceivedSpan> OfJob(OtlpReceiver receiver, string job, string name) =>
        receiver.Received.Spans.Where(s => s.Name == name && s.Tags.GetValueOrDefault(JobTrace.JobTag) == job);

    private static void AssertOneTrace(IReadOnlyList<ReceivedSpan> all, string job)
    {
        var submit = Assert.Single(all, s => s.Name == TelemetryNames.SubmitSpan);
        Assert.Equal((Api, job), (submit.Service, submit.Tags[JobTrace.JobTag]));
        Assert.All(all.Where(s => s.Tags.GetValueOrDefault(JobTrace.JobTag) == job), s => Assert.Equal(submit.Trace, s.Trace));

        var trace = all.Where(s => s.Trace == submit.Trace).ToArray();
        var byId = trace.ToDictionary(s => s.Id);
        var root = Assert.Single(trace, s => s.Parent.Length == 0);
        Assert.Equal((Api, ReceivedSpan.Server), (root.Service, root.Kind));
        Assert.StartsWith("POST", root.Name, StringComparison.Ordinal);
        Assert.All(trace.Where(s => s != root), s => Assert.True(byId.ContainsKey(s.Parent), $"{s}: its parent was never received"));
        Assert.All(trace, s => Assert.True(s.End >= s.Start, s.ToString()));
        Assert.Equal(root.Id, submit.Parent);
        Assert.Equal(submit.Id, trace.Single(s => s.Name == TelemetryNames.PlanSpan).Parent);

        // The control grain: started within the submission, and moved on by the dispatcher later, without a request.
        var ensure = trace.Where(s => s.Name.EndsWith("/EnsureAsync", StringComparison.Ordinal)).ToArray();
        Assert.Contains(ensure, s => s.Kind == ReceivedSpan.Server && byId[s.Parent].Parent == submit.Id);
        var advances = trace.Where(s => s.Name == TelemetryNames.AdvanceSpan).ToArray();
        Assert.All(advances, s => Assert.Equal((Api, submit.Id), (s.Service, s.Parent)));
        Assert.Equal(["decide", "publish", "score", "write"], advances.Select(s => s.Tags[JobTrace.PhaseTag]).Distinct().Order());

        var attempts = trace.Where(s => s.Name == TelemetryNames.AttemptSpan).ToArray();
        Assert.All(attempts, s => Assert.Equal((Worker, submit.Id, ReceivedSpan.Consumer), (s.Service, s.Parent, s.Kind)));
        Assert.Equal(2, attempts.Select(s => s.Instance).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, Shards), attempts.Where(s => s.Tags[JobTrace.PhaseTag] == "score").Select(s => int.Parse(s.Tags["orchestrator.shard"])).Order());

        var stages = trace.Where(s => s.Name.StartsWith(TelemetryNames.StageSpan, StringComparison.Ordinal)).ToArray();
        Assert.Equal(3 * Shards, stages.Length);
        Assert.All(stages, s =>
        {
            var attempt = byId[s.Parent];
            Assert.Equal((TelemetryNames.AttemptSpan, "score", s.Instance), (attempt.Name, attempt.Tags[JobTrace.PhaseTag], attempt.Instance));
            Assert.InRange(s.Start, attempt.Start - Tolerance, attempt.End + Tolerance);
        });

        // A worker's call from within an attempt, and the grain's side of it in the other process.
        var order = trace.First(s => s.Service == Api && s.Kind == ReceivedSpan.Server && s.Name.EndsWith("/GetOrderAsync", StringComparison.Ordinal));
        Assert.Equal((Worker, TelemetryNames.AttemptSpan), (byId[order.Parent].Service, byId[byId[order.Parent].Parent].Name));
    }

    /// <summary>Two clocks of one machine, read one after the other: 10 ms.</summary>
    private const ulong Tolerance = 10_000_000;

    private static void AssertLogs(IReadOnlyList<ReceivedLog> logs, IReadOnlyList<ReceivedSpan> spans, string job)
    {
        var submit = spans.Single(s => s.Name == TelemetryNames.SubmitSpan);
        var attempts = spans.Where(s => s.Name == TelemetryNames.AttemptSpan).ToDictionary(s => s.Id);
        var ended = logs.Where(l => l.Service == Worker && l.Body.StartsWith("Attempt ended", StringComparison.Ordinal)).ToArray();
        Assert.Equal(attempts.Count, ended.Length);
        Assert.All(ended, l =>
        {
            Assert.Equal((submit.Trace, job), (l.Trace, l.Attributes["Job"]));
            var attempt = attempts[l.Span];
            Assert.Equal(
                (attempt.Tags[JobTrace.PhaseTag], attempt.Tags["orchestrator.shard"], attempt.Tags["orchestrator.attempt"]),
                (l.Attributes["Phase"], l.Attributes["Shard"], l.Attributes["Attempt"]));
        });
        Assert.Contains(logs, l => l.Service == Api && l.Trace == submit.Trace && l.Body.Contains("Running -> Planning", StringComparison.Ordinal));
    }

    private static JsonObject Document() => JsonNode.Parse($$"""
        {
          "kind": "curation", "name": "traced",
          "input": { "shards": ["pool/{00000000..{{Shards - 1:D8}}}.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "clip-demo", "as": "clip" } ],
          "select": { "by": "clip", "topFraction": 0.4 },
          "output": { "path": "out", "samplesPerShard": 100 }
        }
        """)!.AsObject();
}
