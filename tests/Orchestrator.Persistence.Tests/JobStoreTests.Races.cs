using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task Races_ManyStoresWantTheSameShards_EachIsGrantedOnceAndCommittedOnce()
    {
        const int Shards = 200, Contenders = 12;
        var job = await Store.CreateAsync(Samples.Job(Shards));
        var other = await OpenAsync();
        await other.InitializeAsync(default);

        var wins = await Task.WhenAll(Enumerable.Range(0, Contenders).Select(c => Task.Run(async () =>
        {
            var store = c % 2 == 0 ? Store : other;
            var won = new List<LeaseKey>();
            // Each contender walks in its own order, so that row locks are wanted in every order.
            foreach (var chunk in Enumerable.Range(0, Shards).OrderBy(i => i * (2 * c + 7) % 211).Chunk(16))
            {
                var leases = chunk.Select(i => Samples.Lease(job.Id, i, 1)).ToArray();
                var granted = await store.ApplyAsync(Samples.Batch(grants: leases.Select(l => Samples.Grant(l, $"w{c}"))), default);
                var mine = leases.Where((_, i) => granted.Payloads[i] is not null).ToArray();
                won.AddRange(mine);
                var result = await store.ApplyAsync(Samples.Batch(leases.Select(l => new Completion(l, Samples.Output($"{c}", ("read", 1))))), default);
                Assert.All(mine, l => Assert.Contains(l, leases.Where((_, i) => result.Completions[i] is CompletionVerdict.Committed or CompletionVerdict.Fenced)));
            }

            return won;
        })));

        Assert.Equal(Shards, wins.Sum(w => w.Count));
        Assert.Equal(Shards, wins.SelectMany(w => w).Distinct().Count());
        var counts = await Store.CountsAsync(job.Id);
        Assert.Equal((0, 0, Shards, (long)Shards), (counts.Pending, counts.Leased, counts.Committed, counts.Tally["read"]));
        var committed = await Store.ListCommittedAsync(job.Id, Samples.Phase, 0, 1000, default);
        Assert.Equal(Enumerable.Range(0, Shards), committed.Select(c => c.Index));
        Assert.All(committed, c => Assert.Equal(1, c.Attempt));
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Races_CommitsAgainstRevocation_EveryLeaseGoesOneWay()
    {
        const int Shards = 128;
        var job = await Store.CreateAsync(Samples.Job(Shards));
        var leases = Enumerable.Range(0, Shards).Select(i => Samples.Lease(job.Id, i, 1)).ToArray();
        await Store.ApplyAsync(Samples.Batch(grants: leases.Select(l => Samples.Grant(l))), default);

        var commits = leases.Chunk(4).Select(c => Task.Run(() =>
            Store.ApplyAsync(Samples.Batch(c.Select(l => new Completion(l, Samples.Output("x", ("read", 1))))), default))).ToArray();
        var revoked = await Task.Run(() => Store.RevokeLeasesAsync(job.Id, default));
        var verdicts = (await Task.WhenAll(commits)).SelectMany(r => r.Completions).ToArray();

        var fenced = leases.Where((_, i) => verdicts[i] == CompletionVerdict.Fenced);
        Assert.Equal(fenced, revoked);
        var counts = await Store.CountsAsync(job.Id);
        Assert.Equal((revoked.Count, 0, Shards - revoked.Count), (counts.Pending, counts.Leased, counts.Committed));
        Assert.Equal(Shards - revoked.Count, counts.Tally.GetValueOrDefault("read"));
    }

    [Fact]
    public async Task Races_BatchesOfManyJobs_DoNotBlockEachOther()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Store.CreateAsync(Samples.Job(24))));
        var other = await OpenAsync();
        await other.InitializeAsync(default);

        await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? Store : other;
            var order = jobs.OrderBy(j => (j.Id.Value[^1] * (i + 3)) % 17).Select(j => Samples.Lease(j.Id, i, 1)).ToArray();
            Assert.DoesNotContain(null, (await store.ApplyAsync(Samples.Batch(grants: order.Select(l => Samples.Grant(l))), default)).Payloads);
            var done = await store.ApplyAsync(Samples.Batch(order.Select(l => new Completion(l, Samples.Output("x")))), default);
            Assert.All(done.Completions, v => Assert.Equal(CompletionVerdict.Committed, v));
        })));

        foreach (var job in jobs)
        {
            Assert.Equal(24, (await Store.CountsAsync(job.Id)).Committed);
        }

        await other.DisposeAsync();
    }

    [Fact]
    public async Task WriteAsync_CancelledBeforeItRuns_WritesNothing()
    {
        var job = await Store.CreateAsync(Samples.Job());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Store.ApplyAsync(Samples.Batch(grants: [Samples.Grant(Samples.Lease(job.Id, 0, 1))]), new CancellationToken(canceled: true)));

        Assert.Equal(ShardState.Pending, (await Store.RowAsync(job.Id, 0)).State);
    }
}
