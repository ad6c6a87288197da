using System.Diagnostics;
using System.Globalization;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>
/// How long the cluster takes to go on after a loss: a measurement. <c>ORCHESTRATOR_RECOVERY=5</c> repeats each loss five times,
/// prints the table and holds the medians to their limits.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class RecoveryTests
{
    private const int Slots = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Losses_AreMadeUpForInSeconds()
    {
        Assert.SkipUnless(
            int.TryParse(Environment.GetEnvironmentVariable("ORCHESTRATOR_RECOVERY"), out var repeats) && repeats > 0,
            "a measurement: ORCHESTRATOR_RECOVERY=5 takes the medians of five");
        await using var cluster = await FaultCluster.StartAsync(new(2, 3, Slots, new Dictionary<string, string> { ["Cluster:ProbeTimeout"] = "00:00:01" }, Simulated: true));
        var killed = new List<double>();
        var hung = new List<double>();
        var host = new List<double>();
        var restart = new List<double>();
        long repeated = 0;
        for (var i = 0; i < repeats; i++)
        {
            killed.Add(await UntilLeasedAgainAsync(cluster, worker => worker.Process.KillAsync(), _ => { }));
            hung.Add(await UntilLeasedAgainAsync(
                cluster,
                worker =>
                {
                    worker.Process.Suspend(true);
                    return Task.CompletedTask;
                },
                worker => worker.Process.Suspend(false)));
            var (seconds, extra) = await ApiKilledAsync(cluster);
            host.Add(seconds);
            repeated += extra;
            var why = await WhyAsync(cluster);
            Print($"round {i + 1}: {extra} attempts beyond the first after the Api's kill. Ended before a successor, so far: {why}");
            var watch = Stopwatch.StartNew();
            repeated += await RollingRestartAsync(cluster);
            restart.Add(watch.Elapsed.TotalSeconds);
            why = await WhyAsync(cluster);
            Print($"round {i + 1}: rolling restart. Ended before a successor, so far: {why}");
        }

        Print("loss                                                       median s  all");
        PrintRow("worker killed -9: all its shards leased again", killed);
        PrintRow("worker hung (SIGSTOP): all its shards leased again", hung);
        PrintRow("Api with dispatcher and job grain killed -9: next commit", host);
        PrintRow("rolling restart of 2 Apis and 3 workers under load", restart);
        Print($"attempts beyond the first after Api kills and rolling restarts: {repeated}");
        Assert.Equal(0, repeated);
        Assert.InRange(Median(killed), 0, 5);
        Assert.InRange(Median(hung), 0, 10);
        Assert.InRange(Median(host), 0, 5);
    }

    /// <summary>Shards that outlast the loss, on all workers with slots to spare; seconds until every one of the victim's is leased again.</summary>
    private static async Task<double> UntilLeasedAgainAsync(FaultCluster cluster, Func<Member, Task> strike, Action<Member> after)
    {
        await SettleAsync(cluster);
        var job = await cluster.SubmitAsync(ClusteredModeTests.Simulated(12, 600_000));
        await Wait.UntilAsync(async () => await cluster.ScalarAsync($"SELECT count(*) FROM shards WHERE job = '{job}' AND state = 'leased'") == 12, Limit);
        var victim = cluster.Workers[0];
        long held = 0;
        foreach (var worker in cluster.Workers)
        {
            held = await cluster.ScalarAsync($"SELECT count(*) FROM shards WHERE job = '{job}' AND owner_worker = '{worker.Name}'");
            if (held > 0)
            {
                victim = worker;
                break;
            }
        }

        var watch = Stopwatch.StartNew();
        await strike(victim);
        await Wait.UntilAsync(
            async () => await cluster.ScalarAsync($"SELECT count(*) FROM shards WHERE job = '{job}' AND state = 'leased' AND attempt > 1") == held, Limit);
        var seconds = watch.Elapsed.TotalSeconds;
        after(victim);
        await cluster.CommandAsync(job, "cancel");
        return seconds;
    }

    private static async Task<(double Seconds, long Extra)> ApiKilledAsync(FaultCluster cluster)
    {
        await SettleAsync(cluster);
        var job = await cluster.SubmitAsync(ClusteredModeTests.Simulated(1500, 200));
        var before = await cluster.CommittedAsync();
        await cluster.WhenCommittedAsync(before + 50, Limit);
        var watch = Stopwatch.StartNew();
        await cluster.DispatcherHost.Process.KillAsync();

        // Only what is written after the kill counts, by the database's clock: that of the same machine.
        var killed = DateTime.UtcNow;
        await Wait.UntilAsync(
            async () => await cluster.ScalarAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM attempts WHERE job = '{job}' AND outcome = 'committed' AND ended_at > '{killed:O}'")) > 0, Limit);
        var seconds = watch.Elapsed.TotalSeconds;
        Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, Limit)).State);
        return (seconds, await ExtraAsync(cluster, job));
    }

    private static async Task<long> RollingRestartAsync(FaultCluster cluster)
    {
        await SettleAsync(cluster);
        var jobs = new List<JobId>();
        foreach (var member in cluster.Apis.Concat(cluster.Workers))
        {
            jobs.Add(await cluster.SubmitAsync(ClusteredModeTests.Simulated(400, 200)));
            var before = await cluster.CommittedAsync();
            await cluster.WhenCommittedAsync(before + 1, Limit);
            Assert.Equal(0, await member.TerminateAsync());
            await member.WhenListeningAsync(Limit);
        }

        long extra = 0;
        foreach (var job in jobs)
        {
            Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, Limit)).State);
            extra += await ExtraAsync(cluster, job);
        }

        return extra;
    }

    /// <summary>Every process up, every worker known and idle.</summary>
    private static async Task SettleAsync(FaultCluster cluster)
    {
        await Task.WhenAll(cluster.Apis.Concat(cluster.Workers).Select(member => member.WhenListeningAsync(Limit)));
        await Wait.UntilAsync(
            async () => (await cluster.GetAsync("/api/v1/workers", 0)).EnumerateArray().ToArray() is { Length: 3 } workers
                && workers.All(worker => worker.GetProperty("running").GetInt32() == 0
                    && worker.GetProperty("lastSeen").GetDateTimeOffset() > DateTimeOffset.UtcNow - TimeSpan.FromSeconds(2)
                    && worker.GetProperty("models").GetArrayLength() > 0),
            Limit);
    }

    private static Task<long> ExtraAsync(FaultCluster cluster, JobId job) =>
        cluster.ScalarAsync($"SELECT count(*) FROM attempts WHERE job = '{job}' AND attempt > 1");

    /// <summary>What ended the attempts that had a successor, of the jobs that have succeeded.</summary>
    private static Task<string> WhyAsync(FaultCluster cluster) => cluster.TextAsync(
        """
        SELECT coalesce(string_agg(ended || ' ' || n, ', '), 'none') FROM (
            SELECT a.outcome || ' (' || left(coalesce(a.error, ''), 70) || ')' AS ended, count(*) AS n
            FROM attempts a JOIN attempts b ON b.job = a.job AND b.phase = a.phase AND b.idx = a.idx AND b.attempt = a.attempt + 1
            JOIN jobs j ON j.id = a.job WHERE j.state = 'succeeded' GROUP BY 1) why
        """);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void PrintRow(string name, List<double> values) => Print(string.Create(
        CultureInfo.InvariantCulture, $"{name,-58} {Median(values),8:F2}  {string.Join(' ', values.Select(value => value.ToString("F2", CultureInfo.InvariantCulture)))}"));

    private static void Print(string line)
    {
        Console.WriteLine(line);
        TestContext.Current.TestOutputHelper?.WriteLine(line);
    }
}
