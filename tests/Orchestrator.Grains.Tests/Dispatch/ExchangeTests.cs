using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Tests.Support;
using Orchestrator.Persistence;
using Orleans.Runtime;

namespace Orchestrator.Grains.Tests.Dispatch;

public class ExchangeTests
{
    private const int Timeout = 60_000;

    [Fact(Timeout = Timeout)]
    public async Task Exchange_TwoPhases_BarrierBetweenThem()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 3, second: 2);
        var worker = cluster.Worker("w1");

        var leases = (await worker.ExchangeAsync(10)).Leases;
        Assert.Equal([0, 1, 2], leases.Select(lease => lease.Lease.Index));
        Assert.All(leases, lease => Assert.Equal(("toy", "first", 1), (lease.Kind, lease.Lease.Phase, lease.Lease.Attempt)));
        Assert.Equal("""{"n":2}""", leases[2].Payload);

        worker.Complete(leases[0].Lease);
        worker.Complete(leases[1].Lease);
        Assert.Empty((await worker.ExchangeAsync(10)).Leases);
        await cluster.Store.WhenAsync(job, "progress", data => data.GetProperty("committed").GetInt32() == 2);

        worker.CompleteAll();
        await worker.ExchangeAsync(0);
        await cluster.Store.WhenAsync(job, "phase.started", data => data.GetProperty("phase").GetString() == "second");
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 10);

        var types = cluster.Store.Seen.Where(e => e.Job == job && e.Type is not "progress")
            .Select(e => e.Type == "job.state" ? e.Data.GetProperty("state").GetString() : $"{e.Type} {e.Data.GetProperty("phase").GetString()}");
        Assert.Equal(
            [
                "running", "phase.started first", "planning", "phase.finished first", "phase.started second", "running",
                "planning", "phase.finished second", "succeeded",
            ],
            types);
        var finished = await cluster.Store.WhenAsync(job, "phase.finished");
        Assert.Equal(3, finished.Data.GetProperty("tally").GetProperty("read").GetInt64());
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_WorkerIdle_HeldUntilWorkArrives()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => options.IdleHold = TimeSpan.FromSeconds(4));
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync();
        var held = worker.ExchangeAsync(10);
        await cluster.SubmitAsync(3);

        Assert.Equal([0, 1, 2], (await held).Leases.Select(lease => lease.Lease.Index));
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_WorkerIdleAndDrained_HoldEndsWithTheNewMode()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => options.IdleHold = TimeSpan.FromSeconds(4));
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync();
        var held = worker.ExchangeAsync(10);
        await cluster.Dispatcher.SetWorkerModeAsync("w1", WorkerMode.Cordoned);

        Assert.Equal(WorkerMode.Cordoned, (await held).Mode);
    }

    [Fact(Timeout = Timeout)]
    public async Task Coordinators_CalledFromAWorkerSilo_LiveOnTheControlSilo()
    {
        await using var cluster = await ControlCluster.StartAsync(workerSilos: 2);
        var control = cluster.Cluster.Silos[0].SiloAddress;
        var management = cluster.Cluster.Client.GetGrain<IManagementGrain>(0);
        await cluster.Worker("w1", silo: 2).ExchangeAsync();
        Assert.Equal(control, await management.GetActivationAddress(cluster.Dispatcher));
        for (var i = 0; i < 10; i++)
        {
            var job = await cluster.SubmitAsync(1);
            Assert.Equal(control, await management.GetActivationAddress(cluster.Job(job)));
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_WorkerWithoutTheModel_GetsNothing()
    {
        await using var cluster = await ControlCluster.StartAsync();
        await cluster.SubmitAsync(first: 4, models: ["clip"]);
        ModelInfo broken = new("clip", "clip", "d", "The file is damaged.");
        Assert.Empty((await cluster.Worker("none").ExchangeAsync(1)).Leases);
        Assert.Empty((await new FakeWorkerOf(cluster, "broken", [broken]).Worker.ExchangeAsync(1)).Leases);
        Assert.Single((await new FakeWorkerOf(cluster, "good", [broken with { Problem = null }]).Worker.ExchangeAsync(1)).Leases);
    }

    [Fact(Timeout = Timeout)]
    public async Task SetWorkerMode_CordonedOrDraining_GetsNothingUntilActive()
    {
        await using var cluster = await ControlCluster.StartAsync();
        await cluster.SubmitAsync(first: 4);
        var worker = cluster.Worker("w1");
        Assert.Single((await worker.ExchangeAsync(1)).Leases);

        Assert.False(await cluster.Dispatcher.SetWorkerModeAsync("nobody", WorkerMode.Cordoned));
        Assert.True(await cluster.Dispatcher.SetWorkerModeAsync("w1", WorkerMode.Cordoned));
        var cordoned = await worker.ExchangeAsync(1);
        Assert.Equal((0, false), (cordoned.Leases.Length, cordoned.Drain));

        // The mode comes back with the worker where the dispatcher is a fresh one.
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        await worker.ExchangeAsync(1);
        Assert.Equal(WorkerMode.Cordoned, Assert.Single(await cluster.Dispatcher.GetWorkersAsync()).Mode);

        await cluster.Dispatcher.SetWorkerModeAsync("w1", WorkerMode.Draining);
        Assert.True((await worker.ExchangeAsync(1)).Drain);
        await cluster.Dispatcher.SetWorkerModeAsync("w1", WorkerMode.Active);
        Assert.Single((await worker.ExchangeAsync(1)).Leases);
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_ReplyLost_LeaseGivenOutAgainAndOldAttemptFenced()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1);
        var worker = cluster.Worker("w1");
        var lost = Assert.Single((await worker.ExchangeAsync(1, replyLost: true)).Leases).Lease;

        var other = cluster.Worker("w2");
        Assert.Empty((await other.ExchangeAsync(1)).Leases);
        await worker.ExchangeAsync(0);
        var again = Assert.Single((await other.ExchangeAsync(1)).Leases).Lease;
        Assert.Equal(lost with { Attempt = 2 }, again);

        worker.Complete(lost);
        Assert.Equal([lost], (await worker.ExchangeAsync(0)).Fenced);
        other.Complete(again);
        Assert.Empty((await other.ExchangeAsync(0)).Fenced);
        var attempts = await cluster.Store.ListAttemptsAsync(again.ToKey().Shard, CancellationToken.None);
        Assert.Equal([AttemptOutcomes.Lost, AttemptOutcomes.Committed], attempts.Select(attempt => attempt.Outcome));
        var row = Assert.Single(await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None));
        Assert.Equal((0, 0), (row.Failures, row.WorkerDeaths));
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_OvertakenByItsSuccessor_TakesNothingBack()
    {
        await using var cluster = await ControlCluster.StartAsync();
        await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        var held = Assert.Single(worker.Running);
        var silo = cluster.Cluster.Silos[1].SiloAddress.ToParsableString();
        var stale = await cluster.Dispatcher.ExchangeAsync(new ExchangeRequest("w1", silo, [], [], [], [], 5, null, [], Sequence: 1));
        Assert.Empty(stale.Leases);
        Assert.Empty((await worker.ExchangeAsync(0)).Stop);
        Assert.Equal([held], worker.Running);
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_AnswerOfTheStoreLost_NothingLostNothingTwice()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 4);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(2);
        var first = worker.Running.ToArray();
        worker.CompleteAll();

        cluster.Store.LoseAnswers(1);
        await Assert.ThrowsAnyAsync<Exception>(() => worker.ExchangeAsync(2));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        foreach (var lease in first)
        {
            Assert.Equal(AttemptOutcomes.Committed, Assert.Single(await cluster.Store.ListAttemptsAsync(lease.ToKey().Shard, CancellationToken.None)).Outcome);
        }

        await AssertCommittedOnceAsync(cluster, job, "first", 4);
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_SiloThatIsNoAddress_IsRefusedByName()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var error = await Assert.ThrowsAsync<ArgumentException>(() =>
            cluster.Dispatcher.ExchangeAsync(new ExchangeRequest("w1", "nonsense", [], [], [], [], 1, null, [])));
        Assert.Contains("nonsense", error.Message);
    }

    [Fact(Timeout = Timeout)]
    public async Task Exchange_ManifestThatIsNoText_FailsThatShardOnly()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(2);
        var silo = cluster.Cluster.Silos[1].SiloAddress.ToParsableString();
        var done = worker.Running.ConvertAll(FakeWorker.Completion);
        await cluster.Dispatcher.ExchangeAsync(
            new ExchangeRequest("w1", silo, [done[0] with { Manifest = "\0" }, done[1]], [], [], [], 0, null, []));
        var rows = await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None);
        Assert.Equal([ShardState.Failed, ShardState.Committed], rows.Select(row => row.State));
    }

    internal static async Task AssertCommittedOnceAsync(ControlCluster cluster, JobId job, string phase, int shards)
    {
        for (var index = 0; index < shards; index++)
        {
            var attempts = await cluster.Store.ListAttemptsAsync(new ShardKey(job, phase, index), CancellationToken.None);
            Assert.Single(attempts, attempt => attempt.Outcome == AttemptOutcomes.Committed);
            Assert.Equal(attempts.Select(attempt => attempt.Attempt).Order(), attempts.Select(attempt => attempt.Attempt));
        }
    }

    private sealed class FakeWorkerOf(ControlCluster cluster, string id, ModelInfo[] models)
    {
        public FakeWorker Worker { get; } = new(
            id,
            cluster.Cluster.Silos[1].SiloAddress.ToParsableString(),
            cluster.Dispatcher) { Models = models };
    }
}
