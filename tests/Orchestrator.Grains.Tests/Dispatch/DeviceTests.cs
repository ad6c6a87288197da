using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Tests.Support;

namespace Orchestrator.Grains.Tests.Dispatch;

public sealed class DeviceTests
{
    private const int Timeout = 120_000;

    /// <summary>Three jobs that commit on one worker fail on a device of another: that device is cordoned, and comes back with uncordon.</summary>
    [Fact(Timeout = Timeout)]
    public async Task DeviceThatFailsDistinctJobs_IsCordonedUntilUncordoned()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var good = cluster.Worker("good");
        var bad = cluster.Worker("bad");
        for (var job = 0; job < 3; job++)
        {
            Assert.Null(bad.LastReply?.CordonedDevices);
            var id = await cluster.SubmitAsync(first: 2);
            await good.ExchangeAsync(1);
            good.CompleteAll();
            await good.ExchangeAsync();
            await bad.ExchangeAsync(1);
            bad.Fail(Assert.Single(bad.Running), FailureKind.Transient, "cuda:1");
            await bad.ExchangeAsync();
            await good.WorkUntilAsync(cluster.Store.WhenStateAsync(id, "succeeded"), 1);
        }

        Assert.Equal(["cuda:1"], bad.LastReply!.CordonedDevices!);
        Assert.Equal(["cuda:1"], (await cluster.Dispatcher.GetWorkersAsync()).Single(view => view.Id == "bad").CordonedDevices!);
        Assert.Null((await cluster.Dispatcher.GetWorkersAsync()).Single(view => view.Id == "good").CordonedDevices);

        // A dispatcher that starts anew hears of it from the worker.
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        Assert.Equal(["cuda:1"], (await bad.ExchangeAsync()).CordonedDevices!);

        Assert.True(await cluster.Dispatcher.SetWorkerModeAsync("bad", WorkerMode.Active));
        Assert.Null((await bad.ExchangeAsync()).CordonedDevices);
    }

    /// <summary>What a worker that dies had been given in advance is not to blame, and what it worked on runs apart from its like.</summary>
    [Fact(Timeout = Timeout)]
    public async Task WorkerLost_ItsSuspectsGoToDifferentWorkers()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => (options.LeaseTtl, options.MaxWorkerDeaths) = (TimeSpan.FromSeconds(5), 2));
        var job = await cluster.SubmitAsync(first: 6);
        var doomed = cluster.Worker("doomed");
        await doomed.ExchangeAsync(6);
        Assert.Equal(6, doomed.Running.Count);
        await cluster.Store.WhenAsync(job, "shard.requeued");

        // Four slots: four had begun, two waited there.
        var deaths = (await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None)).Select(row => row.WorkerDeaths);
        Assert.Equal([1, 1, 1, 1, 0, 0], deaths);
        var one = cluster.Worker("one");
        await one.ExchangeAsync();
        Assert.Single((await one.ExchangeAsync(4)).Leases, lease => lease.Lease.Index < 4);
        Assert.DoesNotContain((await one.ExchangeAsync(3)).Leases, lease => lease.Lease.Index < 4);
        var two = cluster.Worker("two");
        await two.ExchangeAsync();
        Assert.Single((await two.ExchangeAsync(4)).Leases, lease => lease.Lease.Index < 4);
    }
}
