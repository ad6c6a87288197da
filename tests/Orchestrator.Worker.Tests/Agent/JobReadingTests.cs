using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class JobReadingTests
{
    private readonly ObservedTime time = new();
    private readonly ScriptedDispatch dispatch = new();
    private readonly ControlPlaneRetry retry;

    public JobReadingTests() => retry = new ControlPlaneRetry(time, () => 1);

    [Fact]
    public async Task Orders_AreFetchedOncePerJobEvenConcurrently()
    {
        var fetched = 0;
        var answer = new TaskCompletionSource<JobOrder>(TaskCreationOptions.RunContinuationsAsynchronously);
        dispatch.Orders = _ =>
        {
            fetched++;
            return answer.Task;
        };
        var orders = new JobOrders(dispatch, retry);
        var job = JobId.Parse("cur-1");

        var all = Enumerable.Range(0, 8).Select(_ => orders.GetAsync(job, CancellationToken.None)).ToArray();
        answer.SetResult(new JobOrder(job, "test", "{}", "h"));

        Assert.Single((await Task.WhenAll(all)).Distinct());
        Assert.Equal(1, fetched);
    }

    [Fact]
    public async Task Orders_LeastRecentlyUsedLeaveFirst()
    {
        List<string> fetched = [];
        dispatch.Orders = job =>
        {
            fetched.Add(job.Value);
            return Task.FromResult(new JobOrder(job, "test", "{}", "h"));
        };
        var orders = new JobOrders(dispatch, retry, capacity: 2);
        foreach (var job in new[] { "a", "b", "a", "c", "a", "b" })
        {
            await orders.GetAsync(JobId.Parse(job), CancellationToken.None);
        }

        Assert.Equal(["a", "b", "c", "b"], fetched);
    }

    [Fact]
    public async Task Orders_OneCallersCancellationIsNotAnothers()
    {
        var answer = new TaskCompletionSource<JobOrder>(TaskCreationOptions.RunContinuationsAsynchronously);
        dispatch.Orders = _ => answer.Task;
        var orders = new JobOrders(dispatch, retry);
        var job = JobId.Parse("cur-1");
        using var stop = new CancellationTokenSource();
        var first = orders.GetAsync(job, stop.Token);
        var second = orders.GetAsync(job, CancellationToken.None);

        await stop.CancelAsync();
        answer.SetResult(new JobOrder(job, "test", "{}", "h"));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(job, (await second).Id);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 10)]
    [InlineData(10, 10)]
    [InlineData(25, 10)]
    [InlineData(25, 1)]
    public async Task Committed_AllPagesAreReadInOrderWithGaps(int shards, int pageSize)
    {
        var all = Enumerable.Range(0, shards).Select(i => new CommittedView(i * 3, 1, "{}", $"d{i}")).ToArray();
        dispatch.Committed = (phase, from) => Task.FromResult(
            phase == "score" ? all.Where(view => view.Index >= from).Take(pageSize).ToArray() : []);

        Assert.Equal(all, await ReadAsync());
    }

    [Fact]
    public async Task Committed_LostPageIsAskedForAgain()
    {
        var calls = 0;
        dispatch.Committed = (_, from) => calls++ == 0
            ? Task.FromException<CommittedView[]>(new TimeoutException("lost"))
            : Task.FromResult(from == 0 ? new[] { new CommittedView(0, 1, "{}", "d") } : []);

        var reading = ReadAsync();
        await time.PassAsync(AgentHost.FirstPause);

        Assert.Single(await reading);
    }

    [Fact]
    public async Task Committed_PageThatDoesNotRise_IsAnErrorAndNotAnEndlessLoop()
    {
        dispatch.Committed = (_, _) => Task.FromResult(new[] { new CommittedView(4, 1, "{}", "d") });

        var error = await Assert.ThrowsAsync<InvalidDataException>(ReadAsync);

        Assert.Contains("cur-1/score", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pause_DoublesUpToItsLimitAndDrawsItsUpperHalf()
    {
        var low = new ControlPlaneRetry(time, () => 0);
        Assert.Equal([100, 200, 400, 800, 1000, 1000], new[] { 1, 2, 3, 4, 5, 1000 }.Select(n => retry.Pause(n).TotalMilliseconds));
        Assert.Equal([50, 500], new[] { 1, 1000 }.Select(n => low.Pause(n).TotalMilliseconds));
    }

    private async Task<List<CommittedView>> ReadAsync()
    {
        List<CommittedView> read = [];
        await foreach (var view in new CommittedReader(JobId.Parse("cur-1"), dispatch, retry).ReadAsync("score", CancellationToken.None))
        {
            read.Add(view);
        }

        return read;
    }
}
