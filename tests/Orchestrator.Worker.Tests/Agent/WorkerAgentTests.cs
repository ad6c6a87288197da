using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class WorkerAgentTests
{
    private static readonly TimeSpan ExchangeTimeout = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task FirstExchange_AsksForOneLeasePerSlotAndDescribesTheWorker()
    {
        await using var agent = await AgentHost.StartAsync(slots: 3);

        var request = (await agent.Dispatch.NextAsync()).Request;

        Assert.Equal("worker-1", request.WorkerId);
        Assert.Equal(agent.Dispatch.Silo, request.Silo);
        Assert.Equal(3, request.FreeSlots);
        Assert.NotNull(request.Capabilities);
        Assert.Equal(3, request.Capabilities.Slots);
        Assert.Equal(["cpu"], request.Capabilities.Devices);
        Assert.Equal(["test"], request.Capabilities.Kinds);
        Assert.Empty(request.Running);
    }

    [Fact]
    public async Task Idle_ExchangesAtEveryHeartbeatAndOnlyThen()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply();
        (await agent.AskingAsync()).Reply();

        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);
        agent.Time.Advance(AgentHost.Heartbeat - TimeSpan.FromMilliseconds(1));
        Assert.False(agent.Dispatch.HasMore);
        agent.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(1, (await agent.Dispatch.NextAsync()).Request.FreeSlots);
    }

    [Fact]
    public async Task Completion_IsReportedAtOnceAndFreesItsSlot()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2, options => options.MaxPrefetch = 0);
        var runs = await agent.BeginAsync(0, 1);

        runs[1].Complete();
        var request = (await agent.Dispatch.NextAsync()).Request;

        var completion = Assert.Single(request.Completed);
        Assert.Equal(1, completion.Lease.Index);
        Assert.Equal("digest-1", completion.Digest);
        Assert.Equal(7, completion.Tally["read"]);
        Assert.Equal([AgentHost.Lease(0).Lease], request.Running);
        Assert.Equal(1, request.FreeSlots);
    }

    [Fact]
    public async Task RunningShards_AreRenewedAtHeartbeats()
    {
        await using var agent = await AgentHost.StartAsync();
        await agent.BeginAsync(4);

        var request = (await agent.HeartbeatAsync()).Request;

        Assert.Equal([AgentHost.Lease(4).Lease], request.Running);
        Assert.Equal(0, request.FreeSlots);
    }

    [Fact]
    public async Task LostReply_ReportsAreSentAgainUntilAReplyComes()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        var runs = await agent.BeginAsync(0, 1);
        runs[0].Complete();
        (await agent.Dispatch.NextAsync()).Fail(new TimeoutException("lost"));

        await agent.Time.PassAsync(AgentHost.FirstPause);
        var second = await agent.Dispatch.NextAsync();
        Assert.Equal(0, Assert.Single(second.Request.Completed).Lease.Index);
        second.Fail(new Orleans.Runtime.SiloUnavailableException("gone"));

        await agent.Time.PassAsync(2 * AgentHost.FirstPause);
        var third = await agent.Dispatch.NextAsync();
        Assert.Equal(0, Assert.Single(third.Request.Completed).Lease.Index);
        third.Reply();

        var fourth = await agent.HeartbeatAsync();
        Assert.Empty(fourth.Request.Completed);
        Assert.False(agent.Executor.HasDiscarded);
    }

    [Fact]
    public async Task UnexpectedFailureOfAnExchange_DoesNotEndTheAgent()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Fail(new InvalidOperationException("bug"));

        await agent.Time.PassAsync(AgentHost.FirstPause);

        Assert.NotNull((await agent.Dispatch.NextAsync()).Request.Capabilities);
    }

    [Fact]
    public async Task CompletionWhileAnExchangeIsInFlight_WaitsForTheNextOne()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        var runs = await agent.BeginAsync(0, 1);
        runs[0].Complete();
        var inFlight = await agent.Dispatch.NextAsync();
        runs[1].Complete();
        await agent.FreedAsync(2);
        Assert.False(agent.Dispatch.HasMore);

        inFlight.Reply();
        var next = await agent.Dispatch.NextAsync();

        // What the first exchange carried is settled; what came later is not lost.
        Assert.Equal(1, Assert.Single(next.Request.Completed).Lease.Index);
    }

    [Fact]
    public async Task HungExchange_IsGivenUpAndLeasesOfItsLateReplyAreHandedBack()
    {
        await using var agent = await AgentHost.StartAsync();
        var hung = await agent.Dispatch.NextAsync();
        await agent.Time.PassAsync(ExchangeTimeout);
        await agent.Time.PassAsync(AgentHost.FirstPause);
        (await agent.Dispatch.NextAsync()).Reply(AgentHost.Leases(1));
        await agent.Executor.NextRunAsync();

        hung.Reply(AgentHost.Leases(0, 1));
        var request = (await agent.Dispatch.NextAsync()).Request;

        Assert.Equal([AgentHost.Lease(0).Lease], request.Released);
        Assert.Equal([AgentHost.Lease(1).Lease], request.Running);
        Assert.False(agent.Executor.HasStarted);
    }

    [Fact]
    public async Task Exchanges_AreNumberedEvenWhereTheyFailAndRepeatTheLastMode()
    {
        await using var agent = await AgentHost.StartAsync();
        var first = await agent.Dispatch.NextAsync();
        Assert.Equal((1, WorkerMode.Active), (first.Request.Sequence, first.Request.LastMode));
        first.Fail(new TimeoutException("lost"));
        await agent.Time.PassAsync(AgentHost.FirstPause);
        var second = await agent.Dispatch.NextAsync();
        Assert.Equal(2, second.Request.Sequence);
        second.Reply(mode: WorkerMode.Cordoned);

        var third = (await agent.AskingAsync()).Request;
        Assert.Equal((3, WorkerMode.Cordoned), (third.Sequence, third.LastMode));
    }

    [Fact]
    public async Task RefusedCompletion_IsDeletedAndNotReportedAgain()
    {
        await using var agent = await AgentHost.StartAsync();
        var runs = await agent.BeginAsync(0);
        runs[0].Complete();
        var exchange = await agent.Dispatch.NextAsync();

        exchange.Reply(fenced: [exchange.Request.Completed[0].Lease]);

        Assert.Equal(AgentHost.Lease(0).Lease.ToKey(), await agent.Executor.NextDiscardAsync());
        Assert.Empty((await agent.AskingAsync()).Request.Completed);
    }

    [Fact]
    public async Task LastReportTold_AsksForWorkAtOnceThenByHeartbeat()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.BeginAsync(0))[0].Complete();
        (await agent.Dispatch.NextAsync()).Reply();

        var asking = await agent.AskingAsync();
        Assert.Equal((0, 0), (asking.Request.Completed.Length, asking.Request.Running.Length));
        Assert.True(asking.Request.FreeSlots > 0);
        asking.Reply();
        await agent.Time.UntilArmedAsync(AgentHost.Heartbeat);
        Assert.False(agent.Dispatch.HasMore);
    }

    [Fact]
    public async Task Stop_CancelsThatShardAloneAndDeletesItsOutput()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        var runs = await agent.BeginAsync(0, 1);

        (await agent.HeartbeatAsync()).Reply(stop: [AgentHost.Lease(0).Lease]);

        await runs[0].StoppedAsync();
        Assert.Equal(0, (await agent.Executor.NextDiscardAsync()).Shard.Index);
        Assert.False(runs[1].Token.IsCancellationRequested);
        var request = (await agent.Dispatch.NextAsync()).Request;
        Assert.Equal([AgentHost.Lease(1).Lease], request.Running);
        Assert.Empty(request.Completed);
        Assert.Empty(request.Failed);
        Assert.Empty(request.Released);
        Assert.Equal(1, request.FreeSlots);
    }

    [Fact]
    public async Task StoppedShardThatCompletesAllTheSame_IsDeletedAndNotReported()
    {
        await using var agent = await AgentHost.StartAsync();
        agent.Executor.Deaf = true;
        var runs = await agent.BeginAsync(0);
        (await agent.HeartbeatAsync()).Reply(stop: [AgentHost.Lease(0).Lease]);
        await runs[0].StoppedAsync();

        runs[0].Complete();

        Assert.Equal(0, (await agent.Executor.NextDiscardAsync()).Shard.Index);
        Assert.Empty((await agent.Dispatch.NextAsync()).Request.Completed);
    }

    [Fact]
    public async Task RepeatedGrant_IsWorkedOnce()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        await agent.BeginAsync(0);

        (await agent.HeartbeatAsync()).Reply(AgentHost.Leases(0, 1));

        Assert.Equal(1, (await agent.Executor.NextRunAsync()).Work.Lease.Shard.Index);
        Assert.Equal(2, (await agent.HeartbeatAsync()).Request.Running.Length);
        Assert.False(agent.Executor.HasStarted);
    }

    [Fact]
    public async Task NewAttemptOfAShardInHand_IsAnotherLease()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        await agent.BeginAsync(0);

        (await agent.HeartbeatAsync()).Reply([AgentHost.Lease(0, attempt: 2)], stop: [AgentHost.Lease(0).Lease]);

        Assert.Equal(2, (await agent.Executor.NextRunAsync()).Work.Lease.Attempt);
        Assert.Equal(1, (await agent.Executor.NextDiscardAsync()).Attempt);
    }

    [Fact]
    public async Task ExchangesCloserThanTheSpacing_AreOne()
    {
        var spacing = TimeSpan.FromMilliseconds(5);
        await using var agent = await AgentHost.StartAsync(slots: 3, options => options.ExchangeSpacing = spacing);
        var runs = await agent.BeginAsync(0, 1, 2);

        runs[0].Complete();
        await agent.Time.UntilArmedAsync(spacing);
        runs[1].Complete();
        runs[2].Complete();
        await agent.FreedAsync(3);
        Assert.False(agent.Dispatch.HasMore);
        agent.Time.Advance(spacing);

        Assert.Equal(3, (await agent.Dispatch.NextAsync()).Request.Completed.Length);
    }
}
