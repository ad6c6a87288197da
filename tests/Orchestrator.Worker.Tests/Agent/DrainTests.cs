using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class DrainTests
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task HostStop_TakesNoMoreFinishesWhatRunsAndLeaves()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        var runs = await agent.BeginAsync(0);
        var stop = agent.StopAsync();

        var first = await agent.Dispatch.NextAsync();
        Assert.Equal(0, first.Request.FreeSlots);
        first.Reply(AgentHost.Leases(1));
        var second = await agent.HeartbeatAsync();
        Assert.Equal([AgentHost.Lease(0).Lease], second.Request.Running);
        Assert.Equal([AgentHost.Lease(1).Lease], second.Request.Released);
        second.Reply();
        runs[0].Complete();
        var last = await agent.Dispatch.NextAsync();
        Assert.Single(last.Request.Completed);
        Assert.False(stop.IsCompleted);
        last.Reply();

        await stop.WaitAsync(Patience.Limit);
        Assert.False(agent.Executor.HasStarted);
        Assert.False(agent.Dispatch.HasMore);
    }

    [Fact]
    public async Task Idle_LeavesAtOnce()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply();

        await agent.StopAsync().WaitAsync(Patience.Limit);

        Assert.False(agent.Dispatch.HasMore);
    }

    [Fact]
    public async Task WaitingLeases_AreHandedBackAtOnce()
    {
        await using var agent = await AgentHost.StartAsync();
        await agent.BeginAsync(0);
        (await agent.HeartbeatAsync()).Reply(AgentHost.Leases(1, 2));
        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);

        _ = agent.StopAsync();
        var request = (await agent.Dispatch.NextAsync()).Request;

        Assert.Equal([AgentHost.Lease(0).Lease], request.Running);
        Assert.Equal([1, 2], request.Released.Select(lease => lease.Index).Order());
    }

    [Fact]
    public async Task TimeOver_RunningWorkIsStoppedDeletedAndHandedBack()
    {
        await using var agent = await AgentHost.StartAsync(configure: options => options.DrainTimeout = DrainTimeout);
        var runs = await agent.BeginAsync(0);
        var stop = agent.StopAsync();
        (await agent.Dispatch.NextAsync()).Reply();

        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);
        agent.Time.Advance(DrainTimeout);
        await runs[0].StoppedAsync();
        await agent.Executor.NextDiscardAsync();
        await agent.FreedAsync();

        // The exchange that the passing time caused may have been built before the work had ended.
        var exchange = await agent.Dispatch.NextAsync();
        if (exchange.Request.Released.Length == 0)
        {
            exchange.Reply();
            exchange = await agent.Dispatch.NextAsync();
        }

        Assert.Equal([AgentHost.Lease(0).Lease], exchange.Request.Released);
        Assert.Empty(exchange.Request.Running);
        exchange.Reply();
        await stop.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task WorkThatDoesNotStop_IsHandedBackAfterTheGrace()
    {
        await using var agent = await AgentHost.StartAsync(configure: options => options.DrainTimeout = DrainTimeout);
        agent.Executor.Deaf = true;
        var runs = await agent.BeginAsync(0);
        var stop = agent.StopAsync();
        (await agent.Dispatch.NextAsync()).Reply();
        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);
        agent.Time.Advance(DrainTimeout);
        await runs[0].StoppedAsync();
        var stopping = await agent.Dispatch.NextAsync();
        Assert.Equal([AgentHost.Lease(0).Lease], stopping.Request.Running);
        stopping.Reply();

        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);
        agent.Time.Advance(DrainClock.Grace);
        var last = await agent.Dispatch.NextAsync();

        Assert.Equal([AgentHost.Lease(0).Lease], last.Request.Released);
        Assert.Empty(last.Request.Running);
        last.Reply();
        await stop.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task ControlPlaneGone_LeavesAfterAllGraces()
    {
        await using var agent = await AgentHost.StartAsync(configure: options => options.DrainTimeout = DrainTimeout);
        var runs = await agent.BeginAsync(0);
        runs[0].Complete();
        var lost = await agent.Dispatch.NextAsync();
        var stop = agent.StopAsync();
        lost.Fail(new TimeoutException("gone"));
        await agent.Time.UntilArmedAsync(AgentHost.FirstPause);

        agent.Time.Advance(DrainTimeout + DrainClock.Grace + DrainClock.Grace);

        await stop.WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task OrderedByTheDispatcher_LeasesOfTheSameReplyAreRefusedAndTheHostStops()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply(AgentHost.Leases(0), drain: true);

        var handBack = await agent.HeartbeatAsync();
        Assert.Equal([AgentHost.Lease(0).Lease], handBack.Request.Released);
        Assert.Equal(0, handBack.Request.FreeSlots);
        handBack.Reply(drain: true);

        await agent.AgentEndAsync();
        Assert.True(agent.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task InAProcessThatServesMore_StaysConnectedAndWorksAgainWhenTheOrderIsWithdrawn()
    {
        await using var agent = await AgentHost.StartAsync(configure: options => options.StopHostWhenDrained = false);
        (await agent.Dispatch.NextAsync()).Reply(drain: true);

        var drained = await agent.HeartbeatAsync();
        Assert.Equal(0, drained.Request.FreeSlots);
        drained.Reply();
        var active = await agent.HeartbeatAsync();

        Assert.Equal(1, active.Request.FreeSlots);
        Assert.False(agent.Lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public void Clock_StagesFollowEachOther()
    {
        var time = new ObservedTime();
        var clock = new DrainClock(DrainTimeout, time);
        Assert.Equal((DrainStage.None, TimeSpan.MaxValue), (clock.Stage, clock.UntilNext));

        clock.Begin();
        Assert.Equal((DrainStage.Finishing, DrainTimeout), (clock.Stage, clock.UntilNext));
        time.Advance(DrainTimeout);
        clock.Begin();
        Assert.Equal((DrainStage.Stopping, DrainClock.Grace), (clock.Stage, clock.UntilNext));
        time.Advance(DrainClock.Grace);
        Assert.Equal((DrainStage.HandingBack, DrainClock.Grace), (clock.Stage, clock.UntilNext));
        time.Advance(DrainClock.Grace);
        Assert.Equal((DrainStage.GivingUp, TimeSpan.MaxValue), (clock.Stage, clock.UntilNext));
        clock.End();
        Assert.Equal(DrainStage.None, clock.Stage);
    }

    [Fact]
    public void Clock_DrainForGood_CannotBeWithdrawn()
    {
        var clock = new DrainClock(DrainTimeout, new ObservedTime());
        clock.BeginForGood();
        clock.End();
        Assert.Equal((DrainStage.Finishing, true), (clock.Stage, clock.ForGood));
    }
}
