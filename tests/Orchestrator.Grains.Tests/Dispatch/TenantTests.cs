using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Grains.Tests.Support;

namespace Orchestrator.Grains.Tests.Dispatch;

/// <summary>What a tenant may have, through the real dispatcher.</summary>
public class TenantTests(ITestOutputHelper output)
{
    private const int Timeout = 120_000;

    [Fact(Timeout = Timeout)]
    public async Task Parallelism_OfTheDocument_NeverExceededAndAllWorked()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var limited = await cluster.SubmitAsync(first: 7, parallelism: 3);
        var free = await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        var other = cluster.Worker("w2");

        var leases = (await worker.ExchangeAsync(2)).Leases.Concat((await other.ExchangeAsync(10)).Leases).ToArray();
        Assert.Equal(3, leases.Count(lease => lease.Lease.Job == limited));
        Assert.Equal(2, leases.Count(lease => lease.Lease.Job == free));

        worker.Complete(worker.Running.First(lease => lease.Job == limited));
        Assert.Single((await worker.ExchangeAsync(10)).Leases);
        Assert.Empty((await worker.ExchangeAsync(10)).Leases);

        // A dispatcher that starts anew counts the leases that the rows hold.
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        await worker.ExchangeAsync(0);
        Assert.Empty((await worker.ExchangeAsync(10)).Leases);
        other.CompleteAll();
        await other.ExchangeAsync(0);
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(limited, "succeeded"), 10);
    }

    [Fact(Timeout = Timeout)]
    public async Task MaxRunningSlots_OverAllJobsOfTheTenant_OthersGoOn()
    {
        await using var cluster = await ControlCluster.StartAsync(tenants: tenants => tenants.ByName["small"] = new() { MaxRunningSlots = 2 });
        await cluster.SubmitAsync(first: 5, tenant: "small");
        await cluster.SubmitAsync(first: 5, tenant: "small");
        var free = await cluster.SubmitAsync(first: 4, tenant: "free");
        var worker = cluster.Worker("w1");

        var leases = (await worker.ExchangeAsync(20)).Leases;
        Assert.Equal(4, leases.Count(lease => lease.Lease.Job == free));
        Assert.Equal(2, leases.Count(lease => lease.Lease.Job != free));
        Assert.Empty((await worker.ExchangeAsync(20)).Leases);

        worker.Complete(worker.Running.First(lease => lease.Job != free));
        Assert.NotEqual(free, Assert.Single((await worker.ExchangeAsync(20)).Leases).Lease.Job);
        Assert.Empty((await worker.ExchangeAsync(20)).Leases);
    }

    [Fact(Timeout = Timeout)]
    public async Task MaxDeviceSeconds_UsedUp_NothingMoreStartsThoughTheDispatcherStartsAnew()
    {
        await using var cluster = await ControlCluster.StartAsync(tenants: tenants => tenants.ByName["small"] = new() { MaxDeviceSeconds = 100 });
        var job = await cluster.SubmitAsync(first: 10, tenant: "small");
        var worker = cluster.Worker("w1", elapsed: TimeSpan.FromSeconds(60));
        for (var shard = 0; shard < 2; shard++)
        {
            Assert.Single((await worker.ExchangeAsync(1)).Leases);
            worker.CompleteAll();
        }

        Assert.Empty((await worker.ExchangeAsync(5)).Leases);
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        await worker.ExchangeAsync(0);
        Assert.Empty((await worker.ExchangeAsync(5)).Leases);

        var used = Assert.Single(await cluster.Store.ReadUsageAsync("small", 0, CancellationToken.None));
        Assert.Equal(120_000, used.Milliseconds);
        var free = await cluster.SubmitAsync(first: 1, tenant: "free");
        Assert.Equal(free, Assert.Single((await worker.ExchangeAsync(5)).Leases).Lease.Job);
        Assert.Equal(8, (await cluster.Store.CountAsync(job, CancellationToken.None))[0].Pending);
    }

    [Fact(Timeout = Timeout)]
    public async Task MaxDeviceSeconds_CancelledJob_ItsLeasesNoLongerCountAsRunning()
    {
        await using var cluster = await ControlCluster.StartAsync(tenants: tenants => tenants.ByName["small"] = new() { MaxDeviceSeconds = 30 });
        var worker = cluster.Worker("w1");

        // Each running lease is estimated at a second, so 30 of them fill the quota.
        var first = await cluster.SubmitAsync(first: 40, tenant: "small");
        Assert.Equal(30, (await worker.ExchangeAsync(40)).Leases.Length);
        await cluster.Job(first).CancelAsync();
        await cluster.Store.WhenStateAsync(first, "cancelled");
        await cluster.SubmitAsync(first: 40, tenant: "small");
        await worker.ExchangeAsync(0);
        Assert.NotEmpty((await worker.ExchangeAsync(40)).Leases);
    }

    /// <summary>The law of the queue with 24 simulated slots on the real dispatcher and store; time is the simulation's.</summary>
    [Fact(Timeout = Timeout)]
    public async Task HundredThousandShards_TenShardJobOfAnotherTenant_DelayedByAtMostOneShardAndASecond()
    {
        const int Slots = 24;
        const double Shard = 2;
        await using var cluster = await ControlCluster.StartAsync();
        await cluster.SubmitAsync(first: 100_000, tenant: "huge");
        var worker = cluster.Worker("w1", elapsed: TimeSpan.FromSeconds(Shard));
        var busy = new PriorityQueue<LeaseRef, double>();
        foreach (var (slot, lease) in (await worker.ExchangeAsync(Slots)).Leases.Index())
        {
            busy.Enqueue(lease.Lease, Shard * (slot + 1) / Slots);
        }

        JobId? small = null;
        var (arrival, end, left, events) = (0d, 0d, 10, 0);
        while (left > 0)
        {
            Assert.True(busy.TryDequeue(out var done, out var now));
            if (++events == 5 * Slots)
            {
                small = await cluster.SubmitAsync(first: 10, tenant: "small");
                arrival = now;
            }

            if (done.Job == small && done.Phase == "first")
            {
                left--;
                end = now;
            }

            worker.Complete(done);
            foreach (var lease in (await worker.ExchangeAsync(1)).Leases)
            {
                busy.Enqueue(lease.Lease, now + Shard);
            }
        }

        var delay = end - arrival - Shard;
        output.WriteLine($"24 slots, shards of {Shard} s: the small job ended {delay:0.###} s later than alone; {Shard + 1} s are allowed");
        Assert.InRange(delay, double.MinValue, Shard + 1);
    }
}
