using Orchestrator.Contracts.Dispatch;
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
        Assert.Equal((true, JobState.Cancelling), Answer(await cluster.Job(job).CancelAsync()));

        worker.Complete(held[0]);
        worker.Ending.Add(held[1]);
        var reply = await worker.ExchangeAsync(5);
        Assert.Equal([held[0]], reply.Fenced);
        Assert.Equal([held[1]], reply.Stop);
        Assert.Empty(reply.Leases);

        // Its work has not ended, so the job has not, whoever asks.
        await cluster.Job(job).EnsureAsync();
        Assert.Equal((true, JobState.Cancelling), Answer(await cluster.Job(job).CancelAsync()));
        Assert.True(await cluster.Dispatcher.IsAtWorkAsync(job));
        worker.Ending.Clear();
        await worker.ExchangeAsync();
        await cluster.Store.WhenStateAsync(job, "cancelled");
        Assert.Equal((true, JobState.Cancelled), Answer(await cluster.Job(job).CancelAsync()));
        var refused = await cluster.Job(job).PauseAsync();
        Assert.False(refused.Accepted);
        Assert.Contains("cancelled", refused.Reason);
    }

    [Fact(Timeout = Timeout)]
    public async Task Cancel_NothingAtWork_EndsAtOnce()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2);
        await cluster.Worker("w1").ExchangeAsync();
        Assert.Equal((true, JobState.Cancelled), Answer(await cluster.Job(job).CancelAsync()));
    }

    /// <summary>A dispatcher that has just begun has not heard of every worker yet.</summary>
    [Fact(Timeout = Timeout)]
    public async Task Cancel_DispatcherHasJustBegun_WaitsUntilWorkersHaveSpoken()
    {
        await using var cluster = await ControlCluster.StartAsync(configure: options => options.EndingGrace = TimeSpan.FromSeconds(1));
        var job = await cluster.SubmitAsync(first: 2);
        Assert.Equal((true, JobState.Cancelling), Answer(await cluster.Job(job).CancelAsync()));
        await cluster.Store.WhenStateAsync(job, "cancelled");
    }

    /// <summary>What a cancelled job kept is cleared, so it begins anew; attempt numbers never do.</summary>
    [Fact(Timeout = Timeout)]
    public async Task Cancel_ThenRetry_RunsAllOfItWithHigherAttempts()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2);
        var worker = cluster.Worker("w1");
        await worker.ExchangeAsync(1);
        worker.CompleteAll();
        await worker.ExchangeAsync(1);
        await cluster.Job(job).CancelAsync();
        await worker.ExchangeAsync();
        await worker.ExchangeAsync();
        await cluster.Store.WhenStateAsync(job, "cancelled");
        Assert.Equal((true, JobState.Running), Answer(await cluster.Job(job).RetryAsync()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        var rows = await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None);
        Assert.Equal([2, 2], rows.Select(row => row.Attempt));
    }

    [Fact(Timeout = Timeout)]
    public async Task Spoilt_CommittedShard_RunsAgainWithWhatWasMadeOfIt()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2, second: 1);
        var worker = cluster.Worker("w1");
        var second = await WorkUpToSecondAsync(cluster, job, worker);
        worker.FailForSpoilt(second, new SpoiltShard("first", 1, 1, "part 1 is gone"), new SpoiltShard("second", 0, 1, "not yet committed"));
        await worker.ExchangeAsync();
        var seen = await cluster.Store.WhenAsync(job, "shard.reopened");
        Assert.Equal(("first", 1, "part 1 is gone"), (seen.Data.GetProperty("phase").GetString(), seen.Data.GetProperty("shard").GetInt32(), seen.Data.GetProperty("error").GetString()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
        Assert.Equal([1, 2], (await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None)).Select(row => row.Attempt));
        var row = Assert.Single(await cluster.Store.LoadLedgerAsync(job, "second", CancellationToken.None));
        Assert.Equal((2, 0), (row.Attempt, row.Failures));
        Assert.Equal(2, (await cluster.Store.CountAsync(job, CancellationToken.None)).Single(count => count.Phase == "first").Tally["read"]);
    }

    [Fact(Timeout = Timeout)]
    public async Task Spoilt_TheSameShardTwice_FailsTheJobAndRetryRunsItAgain()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 2, second: 1);
        var worker = cluster.Worker("w1");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            // Until the rows say so the shard is given out again, and meets the same once more.
            var reopened = cluster.Store.WhenAsync(job, "shard.reopened", data => data.GetProperty("attempt").GetInt32() == attempt);
            while (!reopened.IsCompleted)
            {
                if (await WorkUpToSecondAsync(cluster, job, worker, reopened) is { Attempt: > 0 } second)
                {
                    worker.FailForSpoilt(second, new SpoiltShard("first", 1, attempt, "part 1 has changed."));
                }

                await worker.ExchangeAsync();
            }
        }

        await cluster.Store.WhenStateAsync(job, "failed");
        var record = (await cluster.Store.GetJobAsync(job, CancellationToken.None))!;
        Assert.Contains("part 1 has changed", record.Error);
        Assert.Contains("first/1", record.Error);
        Assert.Equal((true, JobState.Running), Answer(await cluster.Job(job).RetryAsync()));
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 2);
    }

    [Fact(Timeout = Timeout)]
    public async Task Spoilt_AnAttemptThatIsNoLongerTheCommittedOne_ChangesNothing()
    {
        await using var cluster = await ControlCluster.StartAsync();
        var job = await cluster.SubmitAsync(first: 1, second: 1);
        var worker = cluster.Worker("w1");
        await WorkUpToSecondAsync(cluster, job, worker);
        var before = await cluster.Store.GetJobAsync(job, CancellationToken.None);
        await cluster.Job(job).ReopenAsync([new SpoiltShard("first", 0, 7, "an old story"), new SpoiltShard("first", 5, 1, "no such shard"), new SpoiltShard("third", 0, 1, "no such phase")]);
        Assert.Equal(before!.Version, (await cluster.Store.GetJobAsync(job, CancellationToken.None))!.Version);
        await worker.WorkUntilAsync(cluster.Store.WhenStateAsync(job, "succeeded"), 1);
    }

    /// <summary>Commits the first phase and takes a lease of the second.</summary>
    private static async Task<LeaseRef> WorkUpToSecondAsync(ControlCluster cluster, JobId job, FakeWorker worker, Task? unless = null)
    {
        while (!worker.Running.Exists(lease => lease.Job == job && lease.Phase == "second") && unless?.IsCompleted != true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            foreach (var lease in worker.Running.Where(lease => lease.Phase == "first").ToArray())
            {
                worker.Complete(lease);
            }

            await worker.ExchangeAsync(2);
        }

        return worker.Running.SingleOrDefault(lease => lease.Phase == "second");
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
        await worker.ExchangeAsync();
        await worker.ExchangeAsync();
        await cluster.Store.WhenStateAsync(job, "cancelled");
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
