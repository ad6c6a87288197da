using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task CreateJobAsync_QueueLimit_CountsWaitingShardsOfUnfinishedJobsOfTheTenant()
    {
        var first = await Store.CreateAsync(Samples.Job(6, tenant: "a"));
        await Store.CreateAsync(Samples.Job(50, tenant: "b"));

        var full = await Assert.ThrowsAsync<QueueFullException>(() => Store.CreateJobAsync(Samples.Job(5, tenant: "a", key: "k") with { QueueLimit = 10 }, default));
        Assert.Equal((6, 10), (full.Queued, full.Limit));
        Assert.Equal(2, (await Store.ListJobsAsync(new JobQuery(), default)).Count);
        await Store.CreateAsync(Samples.Job(4, tenant: "a", key: "k", hash: "another") with { QueueLimit = 10 });

        // Neither what runs nor what has ended waits.
        await Store.GrantAsync(Samples.Lease(first.Id, 0, 1));
        await Store.CreateAsync(Samples.Job(1, tenant: "a") with { QueueLimit = 10 });
        await Store.ChangeAsync(first, JobState.Cancelled);
        await Store.CreateAsync(Samples.Job(5, tenant: "a") with { QueueLimit = 10 });
    }

    [Fact]
    public async Task CreateJobAsync_ManyAtOnceUnderOneLimit_NeverMoreThanItAllows()
    {
        var other = await OpenAsync();
        await other.InitializeAsync(default);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            try
            {
                await (i % 2 == 0 ? Store : other).CreateJobAsync(Samples.Job(3, tenant: "a") with { QueueLimit = 10 }, default);
                return true;
            }
            catch (QueueFullException)
            {
                return false;
            }
        })));

        Assert.Equal(3, outcomes.Count(stored => stored));
        Assert.Equal(new TenantLoad("a", 9, 0), Assert.Single(await Store.ReadLoadsAsync("a", default)));
        await other.DisposeAsync();
    }

    [Fact]
    public async Task ReadLoadsAsync_ByTenant_CurrentPhasesOfUnfinishedJobs()
    {
        var job = await Store.CreateAsync(Samples.Job(6, tenant: "a"));
        await Store.CreateAsync(Samples.Job(2, tenant: "a"));
        await Store.CreateAsync(Samples.Job(3, tenant: "b"));
        await Store.ChangeAsync(await Store.CreateAsync(Samples.Job(7, tenant: "c")), JobState.Failed);
        await Store.GrantAsync(Samples.Lease(job.Id, 0, 1));

        Assert.Equal([new("a", 7, 1), new("b", 3, 0)], await Store.ReadLoadsAsync(null, default));
        Assert.Equal([new("b", 3, 0)], await Store.ReadLoadsAsync("b", default));
        Assert.Empty(await Store.ReadLoadsAsync("c", default));
    }

    [Fact]
    public async Task AddUsageAsync_ManyAtOnce_AddsUpAndForgetsTheOld()
    {
        var other = await OpenAsync();
        await other.InitializeAsync(default);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Store : other).AddUsageAsync([new("a", 5, 10), new("b", 5, 1), new("a", 6, 2)], 0, default))));

        Assert.Equal([new("a", 5, 200), new("a", 6, 40), new("b", 5, 20)], await Store.ReadUsageAsync(null, 0, default));
        Assert.Equal([new("a", 6, 40)], await Store.ReadUsageAsync("a", 6, default));
        await Store.AddUsageAsync([], 6, default);
        Assert.Equal([new("a", 6, 40)], await Store.ReadUsageAsync(null, 0, default));
        await other.DisposeAsync();
    }
}
