using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>Wall clocks that are set while a job runs: leases are measured by the monotonic clock, so nothing ends early or lasts an hour.</summary>
[Collection(OneAtATime.Name)]
public sealed class ClockStepTests
{
    private const int Slots = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task ClocksSteppedForwardAndBack_NoShardRunsTwice()
    {
        await using var cluster = await FaultCluster.StartAsync(new(1, 2, Slots, new Dictionary<string, string> { ["Simulation:Clock"] = "all" }, Simulated: true));
        var clock = Path.Combine(cluster.Switches, "clock-all");
        var job = await cluster.SubmitAsync(ClusteredModeTests.Simulated(60, 300));
        foreach (var (committed, offset) in ((long, string)[])[(4, "3600"), (20, "-3600"), (40, "0")])
        {
            await cluster.WhenCommittedAsync(committed, Limit);
            await File.WriteAllTextAsync(clock, offset, TestContext.Current.CancellationToken);
        }

        Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, Limit)).State);
        Assert.Equal(0, await cluster.ScalarAsync("SELECT count(*) FROM attempts WHERE attempt > 1"));
        Assert.Empty(HistoryChecker.Check(await History.ReadAsync(cluster.ConnectionString), Slots, oneClock: false));
        Assert.True(await cluster.ScalarAsync("SELECT count(*) FROM attempts WHERE ended_at > now() + interval '30 minutes'") > 0, "no process saw the step");
    }
}
