using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Tests.Support;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Tests.Jobs;

public class JobCommandTests
{
    private const int Timeout = 60_000;

    [Fact(Timeout = Timeout)]
    public async Task Pause_LeasedShardsCommit_NothingNewIsLeasedUntilResume()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        Assert.Equal((true, JobState.Paused), Answer(await cluster.Job(job).PauseAsync()));
        Assert.Equal((true, JobState.Paused), Answer(await cluster.Job(job).PauseAsync()));

        worker.CompleteAll();
        var reply = await worker.ExchangeAsync(5);
        Assert.Equal((0, 0), (reply.Leases.Length, reply.Fenced.Length));
        Assert.Equal(1, (await cluster.Job(job).GetPhasesAsync()).Single().Committed);

        Assert.Equal((true, JobState.Running), Answer(await cluster.Job(job).ResumeAsync()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 5);
    }

    [Fact(Timeout = Timeout)]
    public async Task Pause_LastShardCommitsMeanwhile_NextPhaseWaitsForResume()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        await cluster.Job(job).PauseAsync();
        worker.CompleteAll();
        await worker.ExchangeAsync(1);
        await cluster.Job(job).PhaseDrainedAsync("first");
        Assert.Equal((JobState.Paused, "first"), Where(await cluster.Store.GetJobAsync(job, CancellationToken.None)));
        await cluster.Job(job).ResumeAsync();
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 1);
    }

    [Fact(Timeout = Timeout)]
    public async Task Pause_BeforeTheStart_ResumeStartsIt()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1, start: false);
        await cluster.Job(job).PauseAsync();
        await cluster.Job(job).EnsureAsync();
        Assert.Equal(JobState.Paused, (await cluster.Store.GetJobAsync(job, CancellationToken.None))!.State);
        await cluster.Job(job).ResumeAsync();
        await cluster.Store.WhenAsync(job, "phase.started");
        await cluster.Worker("w1").WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 1);
    }

    [Fact(Timeout = Timeout)]
    public async Task Cancel_RunningWork_IsStoppedAndLateCommitsAreRefused()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 3);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(2);
        var held = worker.Running.ToArray();
        Assert.Equal((true, JobState.Cancelled), Answer(await cluster.Job(job).CancelAsync()));

        worker.Complete(held[0]);
        var reply = await worker.ExchangeAsync(5);
        Assert.Equal([held[0]], reply.Fenced);
        Assert.Equal([held[1]], reply.Stop);
        Assert.Empty(reply.Leases);
        var refused = await cluster.Job(job).PauseAsync();
        Assert.False(refused.Accepted);
        Assert.Contains("cancelled", refused.Reason);
    }

    [Fact(Timeout = Timeout)]
    public async Task Cancel_ThenRetry_RunsTheRestWithHigherAttempts()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        worker.CompleteAll();
        await worker.ExchangeAsync(1);
        await cluster.Job(job).CancelAsync();
        Assert.Equal((true, JobState.Running), Answer(await cluster.Job(job).RetryAsync()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        var rows = await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None);
        Assert.Equal([1, 2], rows.Select(row => row.Attempt));
    }

    [Fact(Timeout = Timeout)]
    public async Task Retry_FailedShard_RunsItAndThePhasesAfterItAgain()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2, second: 1);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(2);
        worker.Fail(worker.Running[0], FailureKind.Fatal);
        worker.CompleteAll();
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded-with-failures"), 2);
        var failed = await cluster.Store.WhenAsync(job, "shard.failed");
        Assert.Equal("Fatal for the test", failed.Data.GetProperty("error").GetString());

        Assert.Equal((true, JobState.Running), Answer(await cluster.Job(job).RetryAsync()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        Assert.Equal([2, 1], (await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None)).Select(row => row.Attempt));
        Assert.Equal([2], (await cluster.Store.LoadLedgerAsync(job, "second", CancellationToken.None)).Select(row => row.Attempt));
        Assert.False((await cluster.Job(job).RetryAsync()).Accepted);
    }

    [Fact(Timeout = Timeout)]
    public async Task TransientFailures_FourthOne_FailsTheShardAndTheJob()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1);
        var worker = cluster.Worker("w1");
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            var lease = Assert.Single((await worker.ExchangeAsync(1)).Leases).Lease;
            Assert.Equal(attempt, lease.Attempt);
            worker.Fail(lease, FailureKind.Transient);
            await worker.ExchangeAsync(0);
        }

        var ended = await cluster.Store.WhenStateAsync(job, "failed");
        Assert.Equal("Nothing was committed.", ended.Data.GetProperty("error").GetString());
        Assert.Equal(3, cluster.Store.Seen.Count(e => e.Job == job && e.Type == "shard.requeued"));
    }

    [Fact(Timeout = Timeout)]
    public async Task Ensure_TransitionCutShort_IsFinished()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 0, second: 0, start: false);
        var record = (await cluster.Store.GetJobAsync(job, CancellationToken.None))!;
        record = await cluster.Store.TryChangeAsync(new JobChange(job, record.Version, JobState.Running, null, []), CancellationToken.None);
        await cluster.Store.TryChangeAsync(new JobChange(job, record!.Version, JobState.Planning, null, []), CancellationToken.None);
        await cluster.Job(job).EnsureAsync();
        await cluster.Store.WhenStateAsync(job, "succeeded");
    }

    [Fact(Timeout = Timeout)]
    public async Task Ensure_CancelCutShort_IsFinished()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        var record = (await cluster.Store.GetJobAsync(job, CancellationToken.None))!;
        await cluster.Store.TryChangeAsync(new JobChange(job, record.Version, JobState.Cancelling, null, []), CancellationToken.None);
        await cluster.Job(job).EnsureAsync();
        Assert.Equal(JobState.Cancelled, (await cluster.Store.GetJobAsync(job, CancellationToken.None))!.State);
        Assert.Equal(ShardState.Pending, (await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None)).Single().State);
    }

    [Fact(Timeout = Timeout)]
    public async Task Commands_UnknownJob_AreRefusedByName()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var nobody = JobId.Parse("toy-nobody");
        Assert.Contains("toy-nobody", (await cluster.Job(nobody).CancelAsync()).Reason);
        Assert.Contains("toy-nobody", (await cluster.Job(nobody).RetryAsync()).Reason);
        await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.Job(nobody).GetOrderAsync());
        await cluster.Job(nobody).EnsureAsync();
    }

    private static (bool, JobState?) Answer(Contracts.Jobs.CommandResult result) => (result.Accepted, result.State);

    private static (JobState, string) Where(JobRecord? job) => (job!.State, job.Phase);
}
