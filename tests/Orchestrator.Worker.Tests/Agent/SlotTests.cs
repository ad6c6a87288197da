using System.Collections.Concurrent;
using Orchestrator.Worker.Agent;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class SlotTests : IDisposable
{
    private readonly BlockingCollection<Func<string, Task>> work = [];
    private readonly ConcurrentQueue<Exception> bugs = [];

    public void Dispose() => work.CompleteAdding();

    [Fact]
    public async Task ContinuationsOfAwaits_StayOnTheSlotsThread()
    {
        Begin();
        var threads = await RunAsync(async () =>
        {
            List<int> seen = [Environment.CurrentManagedThreadId];
            for (var i = 0; i < 3; i++)
            {
                await Task.Run(() => seen.Add(Environment.CurrentManagedThreadId));
                seen.Add(Environment.CurrentManagedThreadId);
            }

            return seen;
        });

        Assert.Equal([threads[0], threads[0], threads[0]], [threads[2], threads[4], threads[6]]);
        Assert.DoesNotContain(threads[0], new[] { threads[1], threads[3], threads[5] });
        Assert.NotEqual(Environment.CurrentManagedThreadId, threads[0]);
    }

    [Fact]
    public async Task OnePieceAtATime_TheNextBeginsWhenTheLastHasEnded()
    {
        Begin();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var order = new ConcurrentQueue<string>();
        var first = RunAsync(async () =>
        {
            entered.SetResult();
            await gate.Task;
            order.Enqueue("first");
            return 0;
        });
        var second = RunAsync(() =>
        {
            order.Enqueue("second");
            return Task.FromResult(0);
        });
        await entered.Task.WaitAsync(Patience.Limit);
        Assert.Empty(order);

        gate.SetResult();
        await Task.WhenAll(first, second);

        Assert.Equal(["first", "second"], order);
    }

    [Fact]
    public async Task PieceThatThrows_IsReportedAndTheSlotGoesOn()
    {
        Begin();
        work.Add(_ => throw new InvalidOperationException("early"));
        work.Add(async _ =>
        {
            await Task.Yield();
            throw new InvalidOperationException("late");
        });

        Assert.Equal(5, await RunAsync(() => Task.FromResult(5)));
        Assert.Equal(["early", "late"], bugs.Select(bug => bug.Message));
    }

    [Fact]
    public async Task ForgottenTask_FinishesElsewhereAndNotInsideTheNextPiece()
    {
        Begin();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var forgotten = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task ForgetAsync()
        {
            await gate.Task;
            forgotten.SetResult(Environment.CurrentManagedThreadId);
        }

        var slot = await RunAsync(() =>
        {
            _ = ForgetAsync();
            return Task.FromResult(Environment.CurrentManagedThreadId);
        });
        gate.SetResult();

        Assert.NotEqual(slot, await forgotten.Task.WaitAsync(Patience.Limit));
    }

    [Fact]
    public void CompletedQueue_EndsTheThread()
    {
        var thread = Begin();
        work.CompleteAdding();
        Assert.True(thread.Join(Patience.Limit));
    }

    [Fact]
    public async Task CurrentDevice_IsTheSlotsDevice()
    {
        Begin();
        Assert.Equal("cuda:1", await RunAsync(async () =>
        {
            await Task.Yield();
            return DeviceSlots.CurrentDevice;
        }));
        Assert.Null(DeviceSlots.CurrentDevice);
    }

    private SlotThread Begin()
    {
        var thread = new SlotThread("slot-test", "cuda:1", work, (_, bug) => bugs.Enqueue(bug));
        thread.Start();
        return thread;
    }

    private Task<T> RunAsync<T>(Func<Task<T>> piece)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        work.Add(async _ => result.SetResult(await piece()));
        return result.Task.WaitAsync(Patience.Limit);
    }
}
