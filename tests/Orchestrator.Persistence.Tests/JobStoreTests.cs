using Microsoft.Extensions.Time.Testing;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Tests;

/// <summary>
/// What every job store promises, stated once and run against each database (the subclasses). Each test has an empty store
/// of its own. The tests of one subject stand together in a part of this class.
/// </summary>
public abstract partial class JobStoreTests : IAsyncLifetime
{
    protected static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, 123, TimeSpan.Zero);

    protected FakeTimeProvider Time { get; } = new(Start);

    protected IJobStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Store = await OpenAsync();
        await Store.InitializeAsync(default);
    }

    public virtual async ValueTask DisposeAsync()
    {
        // Null where the subclass skipped the test.
        if (Store is not null)
        {
            await Store.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Opens another store on this test's database.</summary>
    protected abstract Task<IJobStore> OpenAsync();

    [Fact]
    public async Task InitializeAsync_ManyAtOnceAndAgain_AllSucceedAndKeepRows()
    {
        var job = await Store.CreateAsync(Samples.Job());

        var others = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        await Task.WhenAll(others.Select(s => s.InitializeAsync(default)));

        foreach (var other in others)
        {
            Assert.Equivalent(job, await other.GetJobAsync(job.Id, default));
            await other.DisposeAsync();
        }
    }
}
