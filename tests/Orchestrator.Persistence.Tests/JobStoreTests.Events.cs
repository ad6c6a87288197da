using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

public abstract partial class JobStoreTests
{
    [Fact]
    public async Task AppendEventsAsync_NumbersFromOne_AndReadsPageAfterASequence()
    {
        var job = await Store.CreateAsync(Samples.Job());

        Assert.Equal(0, await Store.AppendEventsAsync(job.Id, [], default));
        Assert.Equal(2, await Store.AppendEventsAsync(job.Id, [Samples.Event(1), Samples.Event(2)], default));
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, await Store.AppendEventsAsync(job.Id, [Samples.Event(3, "job.state")], default));

        Assert.Equal([1L, 2L], (await Store.ReadEventsAsync(job.Id, 0, 2, default)).Select(e => e.Seq));
        Assert.Equal([new JobEvent(3, Start.AddSeconds(1), "job.state", """{"n":3}""")], await Store.ReadEventsAsync(job.Id, 2, 10, default));
        Assert.Empty(await Store.ReadEventsAsync(job.Id, 3, 10, default));
    }

    [Fact]
    public async Task ReadLatestEventsAsync_GivesTheLastThatPass_NewestFirst()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var other = await Store.CreateAsync(Samples.Job());
        await Store.AppendEventsAsync(other.Id, [Samples.Event(9, "progress")], default);
        await Store.AppendEventsAsync(job.Id, [.. Enumerable.Range(1, 9).Select(i => Samples.Event(i, i % 3 == 0 ? "job.state" : "progress"))], default);

        async Task<IEnumerable<long>> LatestAsync(EventFilter filter, int limit) => (await Store.ReadLatestEventsAsync(job.Id, filter, limit, default)).Select(e => e.Seq);

        Assert.Equal([9, 8, 7], await LatestAsync(default, 3));
        Assert.Equal([8, 7, 5], await LatestAsync(new(Only: "progress"), 3));
        Assert.Equal([9, 6, 3], await LatestAsync(new(Except: "progress"), 10));
        Assert.Empty(await LatestAsync(new(Only: "progress", Except: "progress"), 10));
    }

    [Fact]
    public async Task AppendEventsAsync_UnknownJob_Throws() =>
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Store.AppendEventsAsync(JobId.Create("cur"), [Samples.Event()], default));

    [Fact]
    public async Task AppendEventsAsync_ManyAtOnce_LeavesNoGapsAndLosesNone()
    {
        var job = await Store.CreateAsync(Samples.Job());
        var other = await OpenAsync();
        await other.InitializeAsync(default);

        var lasts = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            (i % 2 == 0 ? Store : other).AppendEventsAsync(job.Id, [Samples.Event(2 * i), Samples.Event(2 * i + 1)], default)));

        var events = await Store.ReadEventsAsync(job.Id, 0, 1000, default);
        Assert.Equal(Enumerable.Range(1, 80).Select(i => (long)i), events.Select(e => e.Seq));
        Assert.Equal(80, events.Select(e => e.Data).Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 40).Select(i => 2L * i), lasts.Order());
        await other.DisposeAsync();
    }
}
