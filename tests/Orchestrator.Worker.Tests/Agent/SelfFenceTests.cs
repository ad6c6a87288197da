using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class SelfFenceTests
{
    private static readonly TimeSpan FenceAfter = ScriptedDispatch.Ttl - SelfFence.Grace(ScriptedDispatch.Ttl);

    [Theory]
    [InlineData(30.0, 5.0)]
    [InlineData(12.0, 2.0)]
    [InlineData(4.0, 1.0)]
    [InlineData(1.0, 0.5)]
    public void Grace_IsASixthButAtLeastASecondAndAtMostHalf(double ttlSeconds, double graceSeconds) =>
        Assert.Equal(TimeSpan.FromSeconds(graceSeconds), SelfFence.Grace(TimeSpan.FromSeconds(ttlSeconds)));

    [Fact]
    public async Task NoAnswerForTheLifeOfTheLeases_WorkStopsBeforeTheyEnd()
    {
        await using var agent = await AgentHost.StartAsync(slots: 2);
        var runs = await agent.BeginAsync(0, 1);
        await agent.Time.UntilArmedAsync(FenceAfter);

        agent.Time.Advance(FenceAfter - TimeSpan.FromMilliseconds(1));
        Assert.False(runs[0].Token.IsCancellationRequested);
        agent.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(runs[0].Token.IsCancellationRequested);
        Assert.True(runs[1].Token.IsCancellationRequested);
        var discarded = new[] { await agent.Executor.NextDiscardAsync(), await agent.Executor.NextDiscardAsync() };
        Assert.Equal([0, 1], discarded.Select(lease => lease.Shard.Index).Order());
    }

    [Fact]
    public async Task FencedLeases_AreNeitherRenewedNorReportedAfterwards()
    {
        await using var agent = await AgentHost.StartAsync();
        await agent.BeginAsync(0);
        await agent.Time.UntilArmedAsync(FenceAfter);
        agent.Time.Advance(FenceAfter);
        await agent.Executor.NextDiscardAsync();
        await agent.FreedAsync();

        // The exchange that the passing time caused may have been built before the fence; the end of the work causes another.
        var exchange = await agent.Dispatch.NextAsync();
        if (exchange.Request.Running.Length > 0)
        {
            exchange.Reply();
            exchange = await agent.Dispatch.NextAsync();
        }

        Assert.Empty(exchange.Request.Running);
        Assert.Empty(exchange.Request.Released);
        Assert.Empty(exchange.Request.Failed);
        Assert.Empty(exchange.Request.Completed);
    }

    [Fact]
    public async Task CompletionThatMayHaveBeenCommitted_OutlivesTheFence()
    {
        await using var agent = await AgentHost.StartAsync();
        var runs = await agent.BeginAsync(0);
        runs[0].Complete();
        var lost = await agent.Dispatch.NextAsync();
        Assert.Single(lost.Request.Completed);

        agent.Time.Advance(FenceAfter);
        lost.Fail(new TimeoutException("lost"));
        await agent.Time.PassAsync(AgentHost.FirstPause);
        var next = await agent.Dispatch.NextAsync();

        // Deleting it would delete committed data if the lost exchange did commit it.
        Assert.Equal(0, Assert.Single(next.Request.Completed).Lease.Index);
        Assert.False(agent.Executor.HasDiscarded);
    }

    [Fact]
    public async Task AnsweredExchange_RenewsFromTheMomentItWasSent()
    {
        await using var agent = await AgentHost.StartAsync();
        var runs = await agent.BeginAsync(0);
        var slow = await agent.HeartbeatAsync();
        var late = TimeSpan.FromSeconds(3);
        agent.Time.Advance(late);
        slow.Reply();

        await agent.Time.UntilArmedAsync(FenceAfter - late);

        Assert.False(runs[0].Token.IsCancellationRequested);
    }
}
