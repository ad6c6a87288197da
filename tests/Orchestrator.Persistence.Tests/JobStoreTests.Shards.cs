using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task Apply_Grant_TakesAPendingShardOnceAndReturnsItsPayload()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var lease = Samples.Lease(job.Id, 2, 1);

        Assert.Equal("""{"p":2}""", await Store.GrantAsync(lease, "w7", "silo-7"));
        Assert.Null(await Store.GrantAsync(lease));
        Assert.Null(await Store.GrantAsync(lease with { Attempt = 2 }));

        Assert.Equal(new ShardRow(2, ShardState.Leased, 1, "silo-7", "w7", null, 0, 0), await Store.RowAsync(job.Id, 2));
        Assert.Equal(
            [new AttemptRecord(lease.Shard, 1, "w7", "silo-7", Start, null, null, null, null)], await Store.ListAttemptsAsync(lease.Shard, default));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public async Task Apply_GrantWithAnyAttemptButTheNext_IsRefused(int attempt)
    {
        var job = await Store.CreateAsync(Samples.Job());
        Assert.Null(await Store.GrantAsync(Samples.Lease(job.Id, 0, attempt)));
        Assert.Equal(ShardState.Pending, (await Store.RowAsync(job.Id, 0)).State);
    }

    [Fact]
    public async Task Apply_UnknownJobPhaseOrShard_IsRefusedBesideGoodItems()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var good = Samples.Lease(job.Id, 0, 1);
        LeaseKey[] bad = [Samples.Lease(JobId.Create("cur"), 0, 1), Samples.Lease(job.Id, 0, 1, "write"), Samples.Lease(job.Id, 99, 1)];

        var result = await Store.ApplyAsync(
            Samples.Batch(
                bad.Select(l => new Completion(l, Samples.Output("x"))), bad.Select(l => Samples.Withdraw(l)), bad.Append(good).Select(l => Samples.Grant(l))),
            default);

        Assert.Equal([CompletionVerdict.Fenced, CompletionVerdict.Fenced, CompletionVerdict.Fenced], result.Completions);
        Assert.Equal([false, false, false], result.Withdrawn);
        Assert.Equal([null, null, null, """{"p":0}"""], result.Payloads);
    }

    [Fact]
    public async Task Apply_Completion_CommitsOnceAndKnowsARepeat()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var lease = Samples.Lease(job.Id, 1, 1);
        var output = Samples.Output("a", ("read", 10), ("kept", 4));
        await Store.GrantAsync(lease);
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(CompletionVerdict.Committed, await Store.CommitAsync(lease, output));
        Assert.Equal(CompletionVerdict.AlreadyCommitted, await Store.CommitAsync(lease, output));
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(lease, Samples.Output("b")));

        Assert.Equal([new CommittedShard(1, 1, output.Manifest, output.Digest)], await Store.ListCommittedAsync(job.Id, Samples.Phase, 0, 10, default));
        var shard = (await Store.ListShardsAsync(job.Id, Samples.Phase, ShardState.Committed, 0, 10, default)).Single();
        Assert.Equal((lease.Shard, 1, null, Start.AddSeconds(5)), (shard.Key, shard.Attempt, shard.OwnerWorker, shard.UpdatedAt));
        Assert.Equal(output.Tally, shard.Tally);
        var attempt = (await Store.ListAttemptsAsync(lease.Shard, default)).Single();
        Assert.Equal((AttemptOutcomes.Committed, (DateTimeOffset?)Start.AddSeconds(5), output.Digest), (attempt.Outcome, attempt.EndedAt, attempt.Digest));
    }

    [Fact]
    public async Task Apply_CompletionOfAnEarlierAttempt_IsFenced()
    {
        var job = await Store.CreateAsync(Samples.Job());
        await Store.GrantAsync(Samples.Lease(job.Id, 0, 1));
        await Store.WithdrawAsync(Samples.Withdraw(Samples.Lease(job.Id, 0, 1), outcome: AttemptOutcomes.Lost));
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(Samples.Lease(job.Id, 0, 1), Samples.Output("late")));

        await Store.GrantAsync(Samples.Lease(job.Id, 0, 2), "w2");
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(Samples.Lease(job.Id, 0, 1), Samples.Output("late")));
        Assert.Equal(CompletionVerdict.Committed, await Store.CommitAsync(Samples.Lease(job.Id, 0, 2), Samples.Output("right")));
        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(Samples.Lease(job.Id, 0, 1), Samples.Output("right")));

        var history = await Store.ListAttemptsAsync(new ShardKey(job.Id, Samples.Phase, 0), default);
        Assert.Equal([(1, AttemptOutcomes.Lost), (2, AttemptOutcomes.Committed)], history.Select(a => (a.Attempt, a.Outcome)));
    }

    [Fact]
    public async Task Apply_WithdrawalToPending_BacksOffAndCounts()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var lease = Samples.Lease(job.Id, 0, 1);
        await Store.GrantAsync(lease);

        Assert.True(await Store.WithdrawAsync(Samples.Withdraw(lease, readyAt: Start.AddSeconds(30), failures: 2, deaths: 1, error: "bad\0 \ud800")));
        Assert.False(await Store.WithdrawAsync(Samples.Withdraw(lease)));

        Assert.Equal(new ShardRow(0, ShardState.Pending, 1, null, null, Start.AddSeconds(30), 2, 1), await Store.RowAsync(job.Id, 0));
        var attempt = (await Store.ListAttemptsAsync(lease.Shard, default)).Single();
        Assert.Equal((AttemptOutcomes.Failed, "bad\ufffd \ufffd"), (attempt.Outcome, attempt.Error));
    }

    [Theory]
    [InlineData(ShardState.Failed)]
    [InlineData(ShardState.Quarantined)]
    public async Task Apply_WithdrawalToTerminal_EndsTheShard(ShardState state)
    {
        var job = await Store.CreateAsync(Samples.Job());
        var lease = Samples.Lease(job.Id, 0, 1);
        await Store.GrantAsync(lease);
        await Store.WithdrawAsync(Samples.Withdraw(lease, state, readyAt: Start.AddSeconds(30)));

        var shard = (await Store.ListShardsAsync(job.Id, Samples.Phase, state, 0, 10, default)).Single();
        Assert.Equal(("it broke", null, 1), (shard.Error, shard.ReadyAt, shard.Failures));
        Assert.Null(await Store.GrantAsync(lease with { Attempt = 2 }));
    }

    [Theory]
    [InlineData(ShardState.Leased)]
    [InlineData(ShardState.Committed)]
    public async Task Apply_WithdrawalToAnyOtherState_Throws(ShardState state) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WithdrawAsync(Samples.Withdraw(Samples.Lease(JobId.Parse("a"), 0, 1), state)));

    [Fact]
    public async Task Apply_OneBatch_RunsCompletionsThenWithdrawalsThenGrants()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var first = Samples.Lease(job.Id, 0, 1);
        await Store.GrantAsync(first);

        var result = await Store.ApplyAsync(
            Samples.Batch([new Completion(Samples.Lease(job.Id, 1, 1), Samples.Output("x"))], [Samples.Withdraw(first)], [Samples.Grant(Samples.Lease(job.Id, 0, 2)), Samples.Grant(Samples.Lease(job.Id, 1, 1))]),
            default);

        Assert.Equal([CompletionVerdict.Fenced], result.Completions);
        Assert.Equal([true], result.Withdrawn);
        Assert.Equal(["""{"p":0}""", """{"p":1}"""], result.Payloads);
        Assert.Equal(2, (await Store.CountsAsync(job.Id)).Leased);
        Assert.Equal(2, (await Store.ListAttemptsAsync(first.Shard, default)).Count);
    }

    [Fact]
    public async Task Apply_EmptyBatch_AnswersEmpty()
    {
        var result = await Store.ApplyAsync(Samples.Batch(), default);
        Assert.Empty(result.Completions);
        Assert.Empty(result.Withdrawn);
        Assert.Empty(result.Payloads);
    }

    [Fact]
    public async Task Apply_PausedJob_CommitsButGrantsNothing()
    {
        var job = await Store.CreateAsync(Samples.Job());
        await Store.GrantAsync(Samples.Lease(job.Id, 0, 1));
        await Store.ChangeAsync(job, JobState.Paused);

        Assert.Null(await Store.GrantAsync(Samples.Lease(job.Id, 1, 1)));
        Assert.Equal(CompletionVerdict.Committed, await Store.CommitAsync(Samples.Lease(job.Id, 0, 1), Samples.Output("a")));
    }

    [Theory]
    [InlineData(JobState.Cancelling)]
    [InlineData(JobState.Cancelled)]
    [InlineData(JobState.Failed)]
    [InlineData(JobState.Succeeded)]
    public async Task Apply_JobCancelledOrEnded_FencesCommitsAndGrantsNothingButTakesWithdrawals(JobState state)
    {
        var job = await Store.CreateAsync(Samples.Job());
        var lease = Samples.Lease(job.Id, 0, 1);
        await Store.GrantAsync(lease);
        await Store.ChangeAsync(job, state);

        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(lease, Samples.Output("a")));
        Assert.Null(await Store.GrantAsync(Samples.Lease(job.Id, 1, 1)));
        Assert.True(await Store.WithdrawAsync(Samples.Withdraw(lease, outcome: AttemptOutcomes.Cancelled)));
    }

    [Fact]
    public async Task RevokeLeasesAsync_TakesEveryLease_AndLateCommitsAreFenced()
    {
        var job = await Store.CreateAsync(Samples.Job());
        LeaseKey[] leases = [Samples.Lease(job.Id, 0, 1), Samples.Lease(job.Id, 2, 1), Samples.Lease(job.Id, 3, 1)];
        await Store.ApplyAsync(Samples.Batch(grants: leases.Select(l => Samples.Grant(l))), default);
        await Store.CommitAsync(leases[2], Samples.Output("done"));

        Assert.Equal(leases[..2], await Store.RevokeLeasesAsync(job.Id, default));
        Assert.Empty(await Store.RevokeLeasesAsync(job.Id, default));

        Assert.Equal(CompletionVerdict.Fenced, await Store.CommitAsync(leases[0], Samples.Output("late")));
        Assert.Equal(CompletionVerdict.AlreadyCommitted, await Store.CommitAsync(leases[2], Samples.Output("done")));
        Assert.Equal(new ShardRow(0, ShardState.Pending, 1, null, null, null, 0, 0), await Store.RowAsync(job.Id, 0));
        Assert.Equal(AttemptOutcomes.Cancelled, (await Store.ListAttemptsAsync(leases[0].Shard, default)).Single().Outcome);
        var counts = await Store.CountsAsync(job.Id);
        Assert.Equal((3, 0, 1), (counts.Pending, counts.Leased, counts.Committed));
        Assert.NotNull(await Store.GrantAsync(leases[0] with { Attempt = 2 }));
    }

    [Fact]
    public async Task ListShardsAsync_PagesByIndexAndState()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 10));
        await Store.ApplyAsync(Samples.Batch(grants: new[] { 1, 4, 7, 9 }.Select(i => Samples.Grant(Samples.Lease(job.Id, i, 1)))), default);

        var page = await Store.ListShardsAsync(job.Id, Samples.Phase, null, 3, 4, default);
        var leased = await Store.ListShardsAsync(job.Id, Samples.Phase, ShardState.Leased, 2, 2, default);

        Assert.Equal([3, 4, 5, 6], page.Select(s => s.Key.Index));
        Assert.Equal([4, 7], leased.Select(s => s.Key.Index));
        Assert.Equal("w1", leased[0].OwnerWorker);
        Assert.Empty(await Store.ListShardsAsync(job.Id, "write", null, 0, 10, default));
    }

    [Fact]
    public async Task ListCommittedAsync_PagesByIndex()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 6));
        foreach (var i in new[] { 5, 1, 3 })
        {
            await Store.GrantAsync(Samples.Lease(job.Id, i, 1));
            await Store.CommitAsync(Samples.Lease(job.Id, i, 1), Samples.Output($"{i}"));
        }

        Assert.Equal([1, 3], (await Store.ListCommittedAsync(job.Id, Samples.Phase, 0, 2, default)).Select(c => c.Index));
        Assert.Equal([5], (await Store.ListCommittedAsync(job.Id, Samples.Phase, 4, 2, default)).Select(c => c.Index));
    }

    [Fact]
    public async Task CountAsync_CountsEveryStateAndSumsTallies()
    {
        var job = await Store.CreateAsync(Samples.Job(shards: 8));
        await Store.ApplyAsync(Samples.Batch(grants: Enumerable.Range(0, 6).Select(i => Samples.Grant(Samples.Lease(job.Id, i, 1)))), default);
        await Store.ApplyAsync(
            Samples.Batch(
                [new(Samples.Lease(job.Id, 0, 1), Samples.Output("0", ("read", 5), ("kept", 1))), new(Samples.Lease(job.Id, 1, 1), Samples.Output("1", ("read", 7)))],
                [Samples.Withdraw(Samples.Lease(job.Id, 2, 1), ShardState.Failed), Samples.Withdraw(Samples.Lease(job.Id, 3, 1), ShardState.Quarantined)]),
            default);
        await Store.CommitAsync(Samples.Lease(job.Id, 4, 1), Samples.Output("4", ("lost", long.MaxValue), ("read", 1)));

        var counts = await Store.CountsAsync(job.Id);

        Assert.Equal((2, 1, 3, 1, 1), (counts.Pending, counts.Leased, counts.Committed, counts.Failed, counts.Quarantined));
        Assert.Equal(new Dictionary<string, long> { ["read"] = 13, ["kept"] = 1, ["lost"] = long.MaxValue }, counts.Tally);
    }
}
