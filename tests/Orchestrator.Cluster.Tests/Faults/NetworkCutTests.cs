using Orchestrator.Domain.Jobs;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>A worker whose cable is pulled: it lives, works and cannot say so.</summary>
[Collection(OneAtATime.Name)]
public sealed class NetworkCutTests
{
    private const int Slots = 2;

    [Fact]
    public async Task CableOfOneWorkerPulled_ItsShardsGoToOthersAndItsLateWordIsRefused()
    {
        await using var cluster = await FaultCluster.StartAsync(new(1, 3, Slots, new Dictionary<string, string>(), Simulated: true, Namespace: true));
        Assert.SkipWhen(cluster.Cable is null, cluster.WhyNoCable ?? "");
        var job = await cluster.SubmitAsync(ClusteredModeTests.Simulated(60, 400));
        await Wait.UntilAsync(async () => await cluster.ScalarAsync("SELECT count(*) FROM attempts WHERE worker = 'w1' AND outcome = 'committed'") > 0, TimeSpan.FromMinutes(1));
        await cluster.Cable.CutAsync(cut: true);
        await Wait.UntilAsync(async () => await cluster.ScalarAsync("SELECT count(*) FROM attempts WHERE worker = 'w1' AND outcome = 'lost'") > 0, TimeSpan.FromMinutes(1));
        await cluster.Cable.CutAsync(cut: false);

        Assert.Equal(JobState.Succeeded, (await cluster.WhenEndedAsync(job, TimeSpan.FromMinutes(3))).State);
        Assert.Empty(HistoryChecker.Check(await History.ReadAsync(cluster.ConnectionString), Slots));
    }
}
