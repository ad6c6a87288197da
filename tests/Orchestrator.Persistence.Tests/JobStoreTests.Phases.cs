using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task TryStartPhaseAsync_NewPhase_RunsWithItsShards()
    {
        var job = await Store.CreateAsync(Samples.Job());

        var started = await Store.TryStartPhaseAsync(job.Id, 1, "decide", Samples.Specs(2, "d"), [Samples.Event(1, "phase.started")], default);

        Assert.Equal((JobState.Running, "decide", 2), (started!.State, started.Phase, started.Version));
        Assert.Equal(["score", "decide"], (await Store.CountAsync(job.Id, default)).Select(p => p.Phase));
        Assert.Equal("""{"d":1}""", await Store.GrantAsync(Samples.Lease(job.Id, 1, 1, "decide")));
        Assert.Equal(1, (await Store.ReadEventsAsync(job.Id, 0, 10, default)).Single().Seq);
    }

    [Fact]
    public async Task TryStartPhaseAsync_StaleVersion_ChangesNothing()
    {
        var job = await Store.CreateAsync(Samples.Job());

        Assert.Null(await Store.TryStartPhaseAsync(job.Id, 7, "decide", Samples.Specs(2), [Samples.Event()], default));
        Assert.Empty(await Store.LoadLedgerAsync(job.Id, "decide", default));
        Assert.Empty(await Store.ReadEventsAsync(job.Id, 0, 10, default));
    }

    [Fact]
    public async Task TryStartPhaseAsync_Again_ResetsShardsAndNeverReusesAnAttempt()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 4));
        var committed = Samples.Lease(job.Id, 0, 1);
        var leased = Samples.Lease(job.Id, 3, 1);
        await Store.GrantAsync(committed);
        await Store.GrantAsync(leased);
        await Store.CommitAsync(committed, Samples.Output("old", ("read", 3)));

        var smaller = await Store.TryStartPhaseAsync(job.Id, 1, Samples.Phase, Samples.Specs(2, "q"), [], default);
        Assert.Equal([0, 1], (await Store.LoadLedgerAsync(job.Id, Samples.Phase, default)).Select(r => r.Index));
        Assert.Equal(new ShardRow(0, ShardState.Pending, 1, null, null, null, 0, 0), await Store.RowAsync(job.Id, 0));
        var counts = await Store.CountsAsync(job.Id);
        Assert.Equal((2, 0, 0), (counts.Pending, counts.Leased, counts.Committed));
        Assert.Empty(counts.Tally);
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(committed, Samples.Output("old", ("read", 3))));
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(leased, Samples.Output("late")));
        Assert.Equal(AttemptOutcomes.Cancelled, (await Store.ListAttemptsAsync(leased.Shard, default)).Single().Outcome);

        // Shard 3 was removed and comes back: its history still counts.
        await Store.TryStartPhaseAsync(job.Id, smaller!.Version, Samples.Phase, Samples.Specs(5, "r"), [], default);
        Assert.Null(await Store.GrantAsync(leased));
        Assert.Equal("""{"r":3}""", await Store.GrantAsync(leased with { Attempt = 2 }));
        Assert.Equal("""{"r":4}""", await Store.GrantAsync(Samples.Lease(job.Id, 4, 1)));
        Assert.Equal("""{"r":0}""", await Store.GrantAsync(committed with { Attempt = 2 }));
        Assert.Equal([AttemptOutcomes.Committed, null], (await Store.ListAttemptsAsync(committed.Shard, default)).Select(a => a.Outcome));
    }

    [Fact]
    public async Task TryStartPhaseAsync_NoShards_IsADrainedPhase()
    {
        var job = await Store.CreateAsync(Samples.Job());
        await Store.TryStartPhaseAsync(job.Id, 1, "write", [], [], default);

        Assert.True((await Store.CountsAsync(job.Id, "write")).ToSummary().IsDrained);
    }

    [Fact]
    public async Task TryRetryAsync_MakesFailedShardsPendingAndRemovesLaterPhases()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 4));
        await Store.ApplyAsync(Samples.Batch(grants: Enumerable.Range(0, 3).Select(i => Samples.Grant(Samples.Lease(job.Id, i, 1)))), default);
        await Store.ApplyAsync(
            Samples.Batch(
                [new(Samples.Lease(job.Id, 0, 1), Samples.Output("ok", ("read", 2)))],
                [Samples.Withdraw(Samples.Lease(job.Id, 1, 1), ShardState.Failed, failures: 4), Samples.Withdraw(Samples.Lease(job.Id, 2, 1), ShardState.Quarantined, deaths: 3)]),
            default);
        var later = await Store.TryStartPhaseAsync(job.Id, 1, "write", Samples.Specs(2), [], default);
        await Store.GrantAsync(Samples.Lease(job.Id, 0, 1, "write"));
        var failed = await Store.ChangeAsync(later!, JobState.Failed, "2 shards failed");

        Assert.Null(await Store.TryRetryAsync(job.Id, later!.Version, Samples.Phase, false, ["decide", "write"], [], default));
        var retried = await Store.TryRetryAsync(job.Id, failed.Version, Samples.Phase, false, ["decide", "write"], [Samples.Event(1, "job.retry")], default);

        Assert.Equal((JobState.Running, Samples.Phase, null, null), (retried!.State, retried.Phase, retried.Error, retried.EndedAt));
        Assert.Equal(new ShardRow(1, ShardState.Pending, 1, null, null, null, 0, 0), await Store.RowAsync(job.Id, 1));
        Assert.Equal(new ShardRow(2, ShardState.Pending, 1, null, null, null, 0, 0), await Store.RowAsync(job.Id, 2));
        Assert.Equal(ShardState.Committed, (await Store.RowAsync(job.Id, 0)).State);
        var counts = Assert.Single(await Store.CountAsync(job.Id, default));
        Assert.Equal((3, 0, 1, 0, 0, 2L), (counts.Pending, counts.Leased, counts.Committed, counts.Failed, counts.Quarantined, counts.Tally["read"]));
        Assert.Empty(await Store.LoadLedgerAsync(job.Id, "write", default));
        Assert.Equal(AttemptOutcomes.Cancelled, (await Store.ListAttemptsAsync(new ShardKey(job.Id, "write", 0), default)).Single().Outcome);
        Assert.NotNull(await Store.GrantAsync(Samples.Lease(job.Id, 1, 2)));

        await Store.TryStartPhaseAsync(job.Id, retried.Version, "write", Samples.Specs(2), [], default);
        Assert.Null(await Store.GrantAsync(Samples.Lease(job.Id, 0, 1, "write")));
        Assert.NotNull(await Store.GrantAsync(Samples.Lease(job.Id, 0, 2, "write")));
    }

    [Fact]
    public async Task TryReopenAsync_TakesTheJobBackToThePhaseWithoutWhatTheShardAdded()
    {
        var (job, later) = await InSecondPhaseAsync();
        var result = await Store.TryReopenAsync(
            new ReopenRequest(job, later.Version, Samples.Phase, [new(Samples.Phase, 1, 1, "gone"), new(Samples.Phase, 0, 9, "another attempt")], ["write"], 1, [Samples.Event()], Failed), default);

        Assert.Equal((ReopenStatus.Reopened, JobState.Running, Samples.Phase), (result.Status, result.Job!.State, result.Job.Phase));
        var counts = Assert.Single(await Store.CountAsync(job, default));
        Assert.Equal((1, 0, 1, 0, 0, 2L), (counts.Pending, counts.Leased, counts.Committed, counts.Failed, counts.Quarantined, counts.Tally["read"]));
        Assert.Equal([0], (await Store.ListCommittedAsync(job, Samples.Phase, 0, 10, default)).Select(shard => shard.Index));
        Assert.Empty(await Store.LoadLedgerAsync(job, "write", default));
        Assert.Null(await Store.GrantAsync(Samples.Lease(job, 1, 1)));
        Assert.NotNull(await Store.GrantAsync(Samples.Lease(job, 1, 2)));
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(Samples.Lease(job, 1, 1), Samples.Output("late")));
    }

    [Fact]
    public async Task TryReopenAsync_AShardThatWasReopenedBefore_FailsTheJobUntilRetry()
    {
        var (job, later) = await InSecondPhaseAsync();
        SpoiltOutput[] first = [new(Samples.Phase, 1, 1, "gone.")];
        await Store.TryReopenAsync(new ReopenRequest(job, later.Version, Samples.Phase, first, ["write"], 1, [], Failed), default);
        await Store.GrantAsync(Samples.Lease(job, 1, 2));
        await Store.CommitAsync(Samples.Lease(job, 1, 2), Samples.Output("again", ("read", 3)));
        var again = (await Store.TryStartPhaseAsync(job, (await Store.GetJobAsync(job, default))!.Version, "write", Samples.Specs(1), [], default))!;
        var result = await Store.TryReopenAsync(
            new ReopenRequest(job, again.Version, Samples.Phase, [new(Samples.Phase, 0, 1, "new."), new(Samples.Phase, 1, 2, "gone again.")], ["write"], 1, [], Failed), default);

        Assert.Equal((ReopenStatus.Failed, JobState.Failed), (result.Status, result.Job!.State));
        Assert.Contains("gone again.", result.Job.Error, StringComparison.Ordinal);
        Assert.Contains("gone again.", (await Store.ReadLatestEventsAsync(job, default, 1, default)).Single() is { Type: "job.state" } last ? last.Data : "", StringComparison.Ordinal);
        Assert.Equal((ShardState.Pending, ShardState.Failed), ((await Store.RowAsync(job, 0)).State, (await Store.RowAsync(job, 1)).State));
        var retried = await Store.TryRetryAsync(job, result.Job.Version, Samples.Phase, false, ["write"], [], default);
        Assert.Equal(JobState.Running, retried!.State);
        Assert.Equal((2, 0), (await Store.CountsAsync(job)) is var counts ? (counts.Pending, counts.Failed) : default);
    }

    [Fact]
    public async Task TryReopenAsync_NothingCommittedUnderThatAttempt_OrAnotherVersion_ChangesNothing()
    {
        var (job, later) = await InSecondPhaseAsync();
        var request = new ReopenRequest(job, later.Version, Samples.Phase, [new(Samples.Phase, 1, 2, "gone")], ["write"], 1, [Samples.Event()], Failed);
        Assert.Equal(ReopenStatus.Stale, (await Store.TryReopenAsync(request, default)).Status);
        Assert.Equal(ReopenStatus.Raced, (await Store.TryReopenAsync(request with { ExpectedVersion = later.Version - 1 }, default)).Status);
        Assert.Equal(ReopenStatus.Raced, (await Store.TryReopenAsync(request with { Id = JobId.Create("cur") }, default)).Status);
        Assert.Equal(later.Version, (await Store.GetJobAsync(job, default))!.Version);
        Assert.Equal((2, 5L), (await Store.CountsAsync(job)) is var counts ? (counts.Committed, counts.Tally["read"]) : default);
        Assert.Single(await Store.LoadLedgerAsync(job, "write", default));
    }

    [Fact]
    public async Task TryRetryAsync_Anew_RunsCommittedShardsToo()
    {
        var (job, later) = await InSecondPhaseAsync();
        var cancelled = await Store.ChangeAsync(await Store.ChangeAsync(later, JobState.Cancelling), JobState.Cancelled);
        var retried = await Store.TryRetryAsync(job, cancelled.Version, Samples.Phase, true, ["write"], [], default);
        Assert.Equal((JobState.Running, Samples.Phase), (retried!.State, retried.Phase));
        var counts = Assert.Single(await Store.CountAsync(job, default));
        Assert.Equal((2, 0, 0), (counts.Pending, counts.Committed, counts.Tally.Count));
        Assert.NotNull(await Store.GrantAsync(Samples.Lease(job, 0, 2)));
    }

    private static IReadOnlyList<NewJobEvent> Failed(string error) => [new NewJobEvent("job.state", new System.Text.Json.Nodes.JsonObject { ["error"] = error }.ToJsonString())];

    /// <summary>Two committed shards of 2 and 3 samples, and one shard of the phase after.</summary>
    private async Task<(JobId Job, JobRecord Later)> InSecondPhaseAsync()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 2));
        foreach (var (index, read) in ((int, long)[])[(0, 2), (1, 3)])
        {
            await Store.GrantAsync(Samples.Lease(job.Id, index, 1));
            await Store.CommitAsync(Samples.Lease(job.Id, index, 1), Samples.Output($"part-{index}", ("read", read)));
        }

        return (job.Id, (await Store.TryStartPhaseAsync(job.Id, 1, "write", Samples.Specs(1), [], default))!);
    }
}
