using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class PrefetchTests
{
    private static readonly TimeSpan None = TimeSpan.Zero;

    [Fact]
    public void Depth_IsZeroUntilAShardHasBeenSeen() => Assert.Equal(0, new PrefetchGauge(4, 64).Depth(None));

    [Theory]
    [InlineData(0.0, 64)]
    [InlineData(0.001, 64)]
    [InlineData(0.05, 20)]
    [InlineData(0.25, 4)]
    [InlineData(0.9, 2)]
    [InlineData(1.0, 0)]
    [InlineData(600.0, 0)]
    public void Depth_LastsForAboutAQuarterSecondOfWork(double shardSeconds, int depth)
    {
        var gauge = new PrefetchGauge(slots: 4, most: 64);
        gauge.Observe(TimeSpan.FromSeconds(shardSeconds));
        Assert.Equal(depth, gauge.Depth(None));
    }

    [Fact]
    public void Depth_FallsWithTheAgeOfTheYoungestRunningShard()
    {
        var gauge = new PrefetchGauge(slots: 1, most: 64);
        gauge.Observe(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, gauge.Depth(TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public void Depth_NeverExceedsTheBound()
    {
        var gauge = new PrefetchGauge(slots: 8, most: 0);
        gauge.Observe(TimeSpan.Zero);
        Assert.Equal(0, gauge.Depth(None));
    }

    [Fact]
    public async Task ShortShards_AreTakenInAdvanceAndRenewedWhileTheyWait()
    {
        var heartbeat = TimeSpan.FromMilliseconds(400);
        await using var agent = await AgentHost.StartAsync(configure: options =>
        {
            options.MaxPrefetch = 8;
            options.HeartbeatInterval = heartbeat;
        });
        var runs = await agent.BeginAsync(0);
        runs[0].Complete();
        var completed = await agent.Dispatch.NextAsync();
        Assert.Equal(9, completed.Request.FreeSlots);

        completed.Reply(AgentHost.Leases(1, 2, 3));
        await agent.Executor.NextRunAsync();
        await agent.Time.PassAsync(heartbeat);
        var request = (await agent.Dispatch.NextAsync()).Request;

        Assert.Equal([1, 2, 3], request.Running.Select(lease => lease.Index).Order());
    }

    [Fact]
    public async Task LeasesTakenInAdvance_AreHandedBackWhenShardsTurnOutLong()
    {
        await using var agent = await AgentHost.StartAsync(configure: options => options.MaxPrefetch = 8);
        var runs = await agent.BeginAsync(0);
        runs[0].Complete();
        (await agent.Dispatch.NextAsync()).Reply(AgentHost.Leases(1, 2, 3));
        var first = await agent.Executor.NextRunAsync();

        var request = (await agent.HeartbeatAsync()).Request;
        Assert.Equal([first.Work.Lease.Shard.Index], request.Running.Select(lease => lease.Index));
        Assert.Equal([1, 2, 3], request.Released.Concat(request.Running).Select(lease => lease.Index).Order());
        Assert.Equal(0, request.FreeSlots);
    }

    [Fact]
    public async Task LeaseHandedBackWhileItWaited_NeverStarts()
    {
        await using var agent = await AgentHost.StartAsync();
        var runs = await agent.BeginAsync(0);
        (await agent.HeartbeatAsync()).Reply(AgentHost.Leases(1));
        var next = await agent.HeartbeatAsync();
        Assert.Equal([AgentHost.Lease(1).Lease], next.Request.Released);
        next.Reply();

        runs[0].Complete();
        await agent.FreedAsync(2);

        Assert.False(agent.Executor.HasStarted);
    }
}
