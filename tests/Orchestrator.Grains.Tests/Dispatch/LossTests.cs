using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts;
using Orchestrator.Grains.Tests.Support;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Tests.Dispatch;

public class LossTests
{
    private const int Timeout = 60_000;

    [Fact(Timeout = Timeout)]
    public async Task SiloKilled_ItsLeases_ComeBackByMembershipLongBeforeTheirTimeIsOver()
    {
        await using var cluster = await ControlCluster.StartAsync(workerSilos: 2, options => options.LeaseTtl = TimeSpan.FromMinutes(30));
        var job = await cluster.SubmitAsync(first: 2);
        await cluster.Worker("victim", silo: 2).ExchangeAsync(2);
        var dead = cluster.Cluster.Silos[2].SiloAddress.ToParsableString();

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[2]);
        var requeued = await cluster.Store.WhenAsync(job, "shard.requeued", data => data.GetProperty("shard").GetInt32() == 1);
        Assert.Equal("silo-lost", requeued.Data.GetProperty("reason").GetString());

        // A process that hung and was given up goes on to ask, until it hears of it.
        var zombie = new FakeWorker("zombie", dead, cluster.Dispatcher);
        await zombie.ExchangeAsync();
        Assert.Empty((await zombie.ExchangeAsync(2)).Leases);

        var survivor = cluster.Worker("survivor");
        await survivor.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        await ExchangeTests.AssertCommittedOnceAsync(cluster, job, "first", 2);
        Assert.All(await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None), row => Assert.Equal((2, 1), (row.Attempt, row.WorkerDeaths)));
    }

    [Fact(Timeout = Timeout)]
    public async Task WorkerSilent_ItsLease_ExpiresAndItsLateCommitIsRefused()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => options.LeaseTtl = TimeSpan.FromSeconds(1));
        var job = await cluster.SubmitAsync(first: 1);
        var silent = cluster.Worker("silent");
        var lease = Assert.Single((await silent.ExchangeAsync(1)).Leases).Lease;
        var requeued = await cluster.Store.WhenAsync(job, "shard.requeued");
        Assert.Equal("expired", requeued.Data.GetProperty("reason").GetString());

        // It wakes up, still at it: told to stop; its commit is refused, though nobody else has begun.
        Assert.Equal([lease], (await silent.ExchangeAsync(0)).Stop);
        silent.Complete(lease);
        Assert.Equal([lease], (await silent.ExchangeAsync(0)).Fenced);
        var fresh = cluster.Worker("fresh");
        await fresh.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 1);
        await ExchangeTests.AssertCommittedOnceAsync(cluster, job, "first", 1);
    }

    [Fact(Timeout = Timeout)]
    public async Task LeaseLost_QueueAndRecovery_AreMeasured()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => options.LeaseTtl = TimeSpan.FromSeconds(1));
        var factory = cluster.Cluster.GetSiloServiceProvider(cluster.Cluster.Silos[0].SiloAddress).GetRequiredService<IMeterFactory>();
        var seen = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => seen.Enqueue((i.Name, value, string.Join(' ', tags.ToArray().Select(t => t.Value)))));
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => seen.Enqueue((i.Name, value, string.Join(' ', tags.ToArray().Select(t => t.Value)))));
        listener.Start();

        var job = await cluster.SubmitAsync(first: 3);
        await cluster.Worker("silent").ExchangeAsync(1);
        await cluster.Store.WhenAsync(job, "shard.requeued");
        listener.RecordObservableInstruments();
        var fresh = cluster.Worker("fresh");
        await fresh.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 3);

        var (_, waited, reason) = Assert.Single(seen, m => m.Name == TelemetryNames.RecoveryDuration.Name);
        Assert.Equal("expired", reason);
        Assert.InRange(waited, 0, Timeout / 1000.0);
        Assert.Equal(3, seen.Where(m => m.Name == TelemetryNames.QueueShards.Name).Sum(m => m.Value));
        Assert.Contains(seen, m => m is { Value: 1, Tags: "toy running" } && m.Name == TelemetryNames.JobsActive.Name);
        Assert.Contains(seen, m => m is { Value: 1, Tags: "active" } && m.Name == TelemetryNames.Workers.Name);
        Assert.All(seen.Where(m => m.Name == TelemetryNames.StoreWriteDuration.Name), m => Assert.True(m.Value > 0));
    }

    [Fact(Timeout = Timeout)]
    public async Task DispatcherLost_InMidJob_WorkersGoOnAndNothingRunsTwice()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 6);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(4);
        worker.Complete(worker.Running[0]);
        await worker.ExchangeAsync(0);

        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        var reply = await worker.ExchangeAsync(1);
        Assert.Empty(reply.Stop);
        Assert.True(reply.SendCapabilities);
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        for (var index = 0; index < 6; index++)
        {
            var attempt = Assert.Single(await cluster.Store.ListAttemptsAsync(new(job, "first", index), CancellationToken.None));
            Assert.Equal(AttemptOutcomes.Committed, attempt.Outcome);
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task ReplyAndDispatcherLost_WorkerHasRoom_GetsTheSameLeasesAgainAndNoAttemptIsSpent()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 3);
        var worker = cluster.Worker("w1");
        var lost = await worker.ExchangeAsync(2, replyLost: true);
        Assert.Equal(2, lost.Leases.Length);
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        var reply = await worker.ExchangeAsync(2);
        Assert.Equal(lost.Leases, reply.Leases);

        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        for (var index = 0; index < 3; index++)
        {
            Assert.Equal(AttemptOutcomes.Committed, Assert.Single(await cluster.Store.ListAttemptsAsync(new(job, "first", index), CancellationToken.None)).Outcome);
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task ReplyAndDispatcherLost_LeaseFromTheRows_IsFoundUndelivered()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1, replyLost: true);
        await cluster.Cluster.DeactivateAsync(cluster.Dispatcher);
        await worker.ExchangeAsync(0);
        var requeued = await cluster.Store.WhenAsync(job, "shard.requeued");
        Assert.Equal("undelivered", requeued.Data.GetProperty("reason").GetString());
    }
}
