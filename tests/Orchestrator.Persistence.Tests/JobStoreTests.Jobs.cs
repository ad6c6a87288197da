using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task CreateJobAsync_NewJob_IsStoredPendingWithEveryField()
    {
        var spec = Samples.Job(shards: 3, output: "out/a", key: "k") with { Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

        var created = await Store.CreateJobAsync(spec, default);

        Assert.Equal(CreateJobStatus.Created, created.Status);
        var expected = new JobRecord(
            spec.Id, "curation", "demo", "default", 3, JobState.Pending, Samples.Phase, spec.Document, "h1", "out/a", ["clip-demo"], [Samples.Phase],
            null, Start, Start, null, null, 1, spec.Trace);
        Assert.Equivalent(expected, created.Job, strict: true);
        Assert.Equivalent(expected, await Store.GetJobAsync(spec.Id, default), strict: true);

        var ledger = await Store.LoadLedgerAsync(spec.Id, Samples.Phase, default);
        Assert.Equal([0, 1, 2], ledger.Select(r => r.Index));
        Assert.All(ledger, r => Assert.Equal(new ShardRow(r.Index, ShardState.Pending, 0, null, null, null, 0, 0), r));
        Assert.Equal(3, (await Store.CountsAsync(spec.Id)).Pending);
    }

    [Fact]
    public async Task CreateJobAsync_SameKeyAndDocument_ReturnsTheFirstJob()
    {
        var first = await Store.CreateAsync(Samples.Job(key: "k", output: "out/a"));

        var again = await Store.CreateJobAsync(Samples.Job(key: "k", output: "out/a"), default);

        Assert.Equal(CreateJobStatus.AlreadyCreated, again.Status);
        Assert.Equivalent(first, again.Job);
        Assert.Single(await Store.ListJobsAsync(new JobQuery(), default));
    }

    [Fact]
    public async Task CreateJobAsync_SameKeyOtherDocument_IsAConflict()
    {
        var first = await Store.CreateAsync(Samples.Job(key: "k", hash: "h1"));

        var other = await Store.CreateJobAsync(Samples.Job(key: "k", hash: "h2"), default);

        Assert.Equal(CreateJobStatus.IdempotencyConflict, other.Status);
        Assert.Equal(first.Id, other.Job.Id);
    }

    [Fact]
    public async Task CreateJobAsync_SameKeyOtherTenant_IsAnotherJob()
    {
        await Store.CreateAsync(Samples.Job(key: "k", tenant: "a"));
        await Store.CreateAsync(Samples.Job(key: "k", tenant: "b"));

        Assert.Equal(2, (await Store.ListJobsAsync(new JobQuery(), default)).Count);
    }

    [Fact]
    public async Task CreateJobAsync_OutputOfAnUnfinishedJob_IsRefusedAndTheKeyStaysFree()
    {
        var holder = await Store.CreateAsync(Samples.Job(output: "out/a"));

        var refused = await Store.CreateJobAsync(Samples.Job(output: "out/a", key: "k"), default);
        Assert.Equal(CreateJobStatus.OutputClaimed, refused.Status);
        Assert.Equal(holder.Id, refused.Job.Id);

        await Store.ChangeAsync(holder, JobState.Cancelled);
        var after = await Store.CreateJobAsync(Samples.Job(output: "out/a", key: "k"), default);
        Assert.Equal(CreateJobStatus.Created, after.Status);
    }

    [Fact]
    public async Task CreateJobAsync_ManyAtOnceWithOneKey_MakeOneJob()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.CreateJobAsync(Samples.Job(key: "k"), default)));

        Assert.Single(results, r => r.Status == CreateJobStatus.Created);
        Assert.Equal(15, results.Count(r => r.Status == CreateJobStatus.AlreadyCreated));
        Assert.Single(results.Select(r => r.Job.Id).Distinct());
    }

    [Fact]
    public async Task CreateJobAsync_ManyAtOnceForOneOutput_MakeOneJob()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.CreateJobAsync(Samples.Job(output: "out/a"), default)));

        var winner = Assert.Single(results, r => r.Status == CreateJobStatus.Created);
        Assert.All(results, r => Assert.Equal(winner.Job.Id, r.Job.Id));
        Assert.Equal(15, results.Count(r => r.Status == CreateJobStatus.OutputClaimed));
    }

    [Fact]
    public async Task CreateJobAsync_UsedId_Throws()
    {
        var job = await Store.CreateAsync(Samples.Job());

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateJobAsync(Samples.Job(id: job.Id), default));
    }

    [Fact]
    public async Task CreateJobAsync_GapInShards_Throws() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateJobAsync(Samples.Job() with { Shards = [new ShardSpec(1, "{}")] }, default));

    [Fact]
    public async Task GetJobAsync_Unknown_IsNull() => Assert.Null(await Store.GetJobAsync(JobId.Create("cur"), default));

    [Fact]
    public async Task TryChangeAsync_RightVersion_ChangesAndAppendsEvents()
    {
        var job = await Store.CreateAsync(Samples.Job());
        Time.Advance(TimeSpan.FromSeconds(1));

        var running = await Store.ChangeAsync(job, JobState.Running, null, Samples.Event(1, "job.state"));
        Time.Advance(TimeSpan.FromSeconds(1));
        var failed = await Store.ChangeAsync(running, JobState.Failed, "no input");

        Assert.Equal((2, Start.AddSeconds(1), (DateTimeOffset?)Start.AddSeconds(1), null), (running.Version, running.UpdatedAt, running.StartedAt, running.EndedAt));
        Assert.Equal((3, "no input", (DateTimeOffset?)Start.AddSeconds(1), (DateTimeOffset?)Start.AddSeconds(2)), (failed.Version, failed.Error, failed.StartedAt, failed.EndedAt));
        Assert.Equivalent(failed, await Store.GetJobAsync(job.Id, default), strict: true);
        Assert.Equal([new JobEvent(1, Start.AddSeconds(1), "job.state", """{"n":1}""")], await Store.ReadEventsAsync(job.Id, 0, 10, default));
    }

    [Fact]
    public async Task TryChangeAsync_StaleVersionOrNoJob_IsNullAndWritesNothing()
    {
        var job = await Store.CreateAsync(Samples.Job());
        await Store.ChangeAsync(job, JobState.Running);

        Assert.Null(await Store.TryChangeAsync(new JobChange(job.Id, job.Version, JobState.Failed, "x", [Samples.Event()]), default));
        Assert.Null(await Store.TryChangeAsync(new JobChange(JobId.Create("cur"), 1, JobState.Failed, "x", []), default));
        Assert.Equal(JobState.Running, (await Store.GetJobAsync(job.Id, default))!.State);
        Assert.Empty(await Store.ReadEventsAsync(job.Id, 0, 10, default));
    }

    [Fact]
    public async Task TryChangeAsync_ManyWithOneVersion_OneWins()
    {
        var job = await Store.CreateAsync(Samples.Job());

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            Store.TryChangeAsync(new JobChange(job.Id, 1, JobState.Running, null, [Samples.Event()]), default)));

        Assert.Single(results, r => r is not null);
        Assert.Single(await Store.ReadEventsAsync(job.Id, 0, 100, default));
    }

    [Fact]
    public async Task TryChangeAsync_EndedJobWhoseOutputIsTaken_NamesTheHolder()
    {
        var ended = await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(output: "out/a")), JobState.Failed);
        var holder = await Store.CreateAsync(Samples.Job(output: "out/a"));

        var error = await Assert.ThrowsAsync<OutputClaimedException>(() =>
            Store.TryRetryAsync(ended.Id, ended.Version, Samples.Phase, false, [], [Samples.Event()], default));

        Assert.Equal(holder.Id, error.Holder);
        Assert.Equal(JobState.Failed, (await Store.GetJobAsync(ended.Id, default))!.State);
        Assert.Empty(await Store.ReadEventsAsync(ended.Id, 0, 10, default));
    }

    [Fact]
    public async Task ListJobsAsync_FiltersAndPages_NewestFirst()
    {
        var ids = new List<JobId>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add((await Store.CreateAsync(Samples.Job(kind: i % 2 == 0 ? "curation" : "evaluation", tenant: i < 3 ? "a" : "b"))).Id);
        }

        var evaluation = await Store.ListJobsAsync(new JobQuery(Kind: "evaluation"), default);
        var tenant = await Store.ListJobsAsync(new JobQuery(Tenant: "a"), default);
        await Store.ChangeAsync((await Store.GetJobAsync(ids[4], default))!, JobState.Paused);
        var paused = await Store.ListJobsAsync(new JobQuery(State: JobState.Paused), default);
        var first = await Store.ListJobsAsync(new JobQuery(Limit: 3), default);
        var second = await Store.ListJobsAsync(new JobQuery(Before: first[^1].Id, Limit: 3), default);
        var third = await Store.ListJobsAsync(new JobQuery(Before: second[^1].Id, Limit: 3), default);

        Assert.Equal([ids[5], ids[3], ids[1]], evaluation.Select(j => j.Id));
        Assert.Equal([ids[2], ids[1], ids[0]], tenant.Select(j => j.Id));
        Assert.Equal([ids[4]], paused.Select(j => j.Id));
        Assert.Equal(Enumerable.Reverse(ids), first.Concat(second).Concat(third).Select(j => j.Id));
    }

    [Fact]
    public async Task ListJobsAsync_CursorOfNoStoredJob_SaysSo()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Store.ListJobsAsync(new JobQuery(Before: JobId.Parse("cur-gone")), default));
        Assert.Contains("cur-gone", error.Message);
    }

    [Fact]
    public async Task ListUnfinishedAsync_LeavesOutEveryTerminalState()
    {
        var unfinished = new List<JobId>();
        foreach (var state in Enum.GetValues<JobState>())
        {
            var job = await Store.ChangeAsync(await Store.CreateAsync(Samples.Job()), state);
            if (!state.IsTerminal())
            {
                unfinished.Add(job.Id);
            }
        }

        Assert.Equal(unfinished, await Store.ListUnfinishedAsync(default));
    }

    [Fact]
    public async Task DeleteJobAsync_TerminalJob_RemovesEveryRow()
    {
        var job = await Store.CreateAsync(Samples.Job(key: "k"));
        await Store.GrantAsync(Samples.Lease(job.Id, 0, 1));
        await Store.AppendEventsAsync(job.Id, [Samples.Event()], default);
        Assert.False(await Store.DeleteJobAsync(job.Id, default));
        await Store.ChangeAsync(job, JobState.Cancelled);

        Assert.True(await Store.DeleteJobAsync(job.Id, default));

        Assert.False(await Store.DeleteJobAsync(job.Id, default));
        Assert.Null(await Store.GetJobAsync(job.Id, default));
        Assert.Empty(await Store.LoadLedgerAsync(job.Id, Samples.Phase, default));
        Assert.Empty(await Store.ListAttemptsAsync(new ShardKey(job.Id, Samples.Phase, 0), default));
        Assert.Empty(await Store.ReadEventsAsync(job.Id, 0, 10, default));
        Assert.Empty(await Store.CountAsync(job.Id, default));
        await Store.CreateAsync(Samples.Job(key: "k", hash: "h2"));
    }
}
