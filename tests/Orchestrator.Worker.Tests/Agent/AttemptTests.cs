using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class AttemptTests
{
    [Fact]
    public async Task Exception_IsATransientFaultWithItsMessageAndTheOutputIsDeletedFirst()
    {
        var fault = await FaultOfAsync(run => run.Throw(new InvalidOperationException("index out of bounds")));

        Assert.Equal(FailureKind.Transient, fault.Kind);
        Assert.Contains("index out of bounds", fault.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(InvalidOperationException), fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutOfMemory_IsAResourceFault() =>
        Assert.Equal(FailureKind.Resource, (await FaultOfAsync(run => run.Throw(new OutOfMemoryException("arena")))).Kind);

    [Fact]
    public async Task CancellationThatNobodyAskedFor_IsAFault() =>
        Assert.Equal(FailureKind.Transient, (await FaultOfAsync(run => run.Throw(new OperationCanceledException("inner time-out")))).Kind);

    [Fact]
    public async Task NoOutcome_IsAFaultThatNamesTheExecutor()
    {
        var fault = await FaultOfAsync(run => run.End(null!));

        Assert.Contains(nameof(ScriptedExecutor), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailedOutcome_IsReportedAsItIs()
    {
        var fault = await FaultOfAsync(run => run.End(ShardOutcome.Failed(FailureKind.Fatal, "no such tar", "trace")));

        Assert.Equal(new ShardFault(AgentHost.Lease(0).Lease, FailureKind.Fatal, "no such tar", "trace", "cpu"), fault);
    }

    [Fact]
    public async Task UnknownPhase_IsAFatalFaultThatSaysWhatThereIs()
    {
        await using var agent = await AgentHost.StartAsync();
        (await agent.Dispatch.NextAsync()).Reply([AgentHost.Lease(0, phase: "paint")]);

        var fault = Assert.Single((await agent.Dispatch.NextAsync()).Request.Failed);

        Assert.Equal(FailureKind.Fatal, fault.Kind);
        Assert.Contains("'paint'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("test/work", fault.Message, StringComparison.Ordinal);
        Assert.False(agent.Executor.HasDiscarded);
    }

    [Fact]
    public async Task OrderThatCannotBeHad_IsAFaultAndTheNextShardAsksAgain()
    {
        await using var agent = await AgentHost.StartAsync();
        agent.Dispatch.Orders = _ => throw new KeyNotFoundException("no such job");
        (await agent.Dispatch.NextAsync()).Reply(AgentHost.Leases(0));
        var failed = await agent.Dispatch.NextAsync();
        Assert.Contains("no such job", Assert.Single(failed.Request.Failed).Message, StringComparison.Ordinal);

        agent.Dispatch.Orders = job => Task.FromResult(new JobOrder(job, "test", "{\"a\":1}", "hash"));
        failed.Reply(AgentHost.Leases(1));

        Assert.Equal("{\"a\":1}", (await agent.Executor.NextRunAsync()).Work.Order.Document);
    }

    [Fact]
    public async Task OrderThatTheControlPlaneCannotGiveNow_IsWaitedFor()
    {
        await using var agent = await AgentHost.StartAsync();
        var tries = 0;
        agent.Dispatch.Orders = job => tries++ == 0
            ? throw new Orleans.Runtime.SiloUnavailableException("starting")
            : Task.FromResult(new JobOrder(job, "test", "{}", "hash"));
        (await agent.Dispatch.NextAsync()).Reply(AgentHost.Leases(0));

        await agent.Time.PassAsync(AgentHost.FirstPause);

        await agent.Executor.NextRunAsync();
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task FailingDiscard_DoesNotHideTheFault()
    {
        await using var agent = await AgentHost.StartAsync();
        agent.Executor.OnDiscard = () => throw new IOException("disk");
        var runs = await agent.BeginAsync(0);

        runs[0].End(ShardOutcome.Failed(FailureKind.Transient, "time-out"));

        Assert.Equal("time-out", Assert.Single((await agent.Dispatch.NextAsync()).Request.Failed).Message);
    }

    private static async Task<ShardFault> FaultOfAsync(Action<ScriptedRun> end)
    {
        await using var agent = await AgentHost.StartAsync();
        var runs = await agent.BeginAsync(0);
        end(runs[0]);
        var request = (await agent.Dispatch.NextAsync()).Request;
        Assert.Empty(request.Running);
        Assert.Empty(request.Completed);
        Assert.Equal(0, (await agent.Executor.NextDiscardAsync()).Shard.Index);
        return Assert.Single(request.Failed);
    }
}
