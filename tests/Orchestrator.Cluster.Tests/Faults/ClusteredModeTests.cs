using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>Several Api processes and several workers, made a cluster by configuration alone.</summary>
[Collection(OneAtATime.Name)]
public sealed class ClusteredModeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    /// <summary>
    /// The workers start on an empty database, before any Api, and wait; three Apis start at once and make the tables once. A job
    /// submitted to one of them is the same job at the others.
    /// </summary>
    [Fact]
    public async Task ThreeApisAndWorkersBeforeTheTables_ComeUpAndAnswerAlike()
    {
        await using var cluster = await FaultCluster.StartAsync(new(3, 2, 2, new Dictionary<string, string>(), Simulated: true));
        Assert.All(cluster.Apis.Concat(cluster.Workers), member => Assert.Equal((1, 0), (member.Starts, member.OwnExits.Count)));

        var job = await cluster.SubmitAsync(Simulated(200, 50), api: 0);
        await cluster.CommandAsync(job, "pause", api: 1);
        var states = await Task.WhenAll(Enumerable.Range(0, 3).Select(api => StateAsync(cluster, job, api)));
        Assert.All(states, state => Assert.Equal("paused", state));
        await cluster.CommandAsync(job, "resume", api: 2);
        Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, Limit)).State);
        for (var api = 0; api < 3; api++)
        {
            Assert.Equal("succeeded", await StateAsync(cluster, job, api));
            Assert.Equal(2, (await cluster.GetAsync("/api/v1/workers", api)).GetArrayLength());
        }

        Assert.Empty(HistoryChecker.Check(await History.ReadAsync(cluster.ConnectionString), 2));
    }

    /// <summary>Every process is told to end and replaced, one after another, while jobs run.</summary>
    [Fact]
    public async Task RollingRestart_UnderLoad_FailsNoJobAndRepeatsNoAttempt()
    {
        await using var cluster = await FaultCluster.StartAsync(new(2, 2, 4, new Dictionary<string, string>(), Simulated: true));
        var jobs = new List<JobId> { await cluster.SubmitAsync(Simulated(150, 200)) };
        foreach (var member in cluster.Apis.Concat(cluster.Workers))
        {
            if ((await cluster.JobAsync(jobs[^1])).State.IsTerminal())
            {
                jobs.Add(await cluster.SubmitAsync(Simulated(150, 200)));
            }

            Assert.Equal(0, await member.TerminateAsync());
            await member.WhenListeningAsync(Limit);
            var committed = await cluster.CommittedAsync();
            jobs.Add(await cluster.SubmitAsync(Simulated(20, 200)));
            await cluster.WhenCommittedAsync(committed + 1, Limit);
        }

        foreach (var job in jobs)
        {
            Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, Limit)).State);
        }

        var history = await History.ReadAsync(cluster.ConnectionString);
        Assert.Empty(HistoryChecker.Check(history, 4));
        Assert.DoesNotContain(history.Attempts, row => row.Outcome != "committed");
        Assert.All(cluster.Apis.Concat(cluster.Workers), member => Assert.Equal((2, 0), (member.Starts, member.OwnExits.Count)));
    }

    internal static JsonObject Simulated(int shards, int milliseconds, string more = "") => JsonNode.Parse(
        $$"""{ "kind": "simulated", "name": "simulated", "shards": {{shards}}, "milliseconds": {{milliseconds}} {{more}} }""")!.AsObject();

    private static async Task<string> StateAsync(FaultCluster cluster, JobId job, int api) =>
        (await cluster.GetAsync($"/api/v1/jobs/{job}", api)).GetProperty("state").GetString()!;
}
