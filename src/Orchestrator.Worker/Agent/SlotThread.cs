using System.Collections.Concurrent;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// One dedicated thread that does one piece of work at a time. While a piece awaits, the thread runs that piece's own
/// continuations and nothing else.
/// </summary>
/// <remarks>
/// Why a message loop and not just a thread blocked on the task: after the first real await, the rest of an executor would run on
/// the thread pool, and inference or decoding there starves Orleans (median call time measured from 0.6 to 512 ms). With
/// this context everything between awaits stays on this thread; only code behind <c>ConfigureAwait(false)</c>, which is
/// library I/O, leaves it. Work that completes synchronously never touches the loop, so a tiny shard costs one dequeue.
/// </remarks>
internal sealed class SlotThread : SynchronizationContext
{
    private readonly Lock gate = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> posted = [];
    private readonly SemaphoreSlim arrived = new(0);
    private readonly BlockingCollection<Func<string, Task>> work;
    private readonly Action<string, Exception> onBug;
    private readonly DeviceGate door;
    private readonly Thread thread;
    private bool running;

    /// <param name="name">Name of the thread in dumps and traces.</param>
    /// <param name="device">Device whose work this is, for example <c>cuda:0</c>.</param>
    /// <param name="work">Queue shared by the threads of one kind; the thread ends when it is completed.</param>
    /// <param name="onBug">Told of exceptions that the work let escape.</param>
    /// <param name="door">Closed while the device is cordoned: the thread then takes no work. Null for one that is always open.</param>
    public SlotThread(string name, string device, BlockingCollection<Func<string, Task>> work, Action<string, Exception> onBug, DeviceGate? door = null)
    {
        this.door = door ?? new DeviceGate();
        Device = device;
        this.work = work;
        this.onBug = onBug;

        // A background thread: native work that never returns must not keep the process alive.
        thread = new Thread(Loop) { Name = name, IsBackground = true };
    }

    /// <summary>The device this thread works for.</summary>
    public string Device { get; }

    /// <summary>Begins to take work.</summary>
    public void Start() => thread.Start();

    /// <summary>Waits for the thread to end; false where it did not within <paramref name="limit"/>.</summary>
    public bool Join(TimeSpan limit) => thread.Join(limit);

    /// <inheritdoc />
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (gate)
        {
            if (running)
            {
                posted.Enqueue((d, state));
                arrived.Release();
                return;
            }
        }

        // What a finished piece of work left behind (a forgotten task) must neither be lost nor run inside another piece.
        ThreadPool.QueueUserWorkItem(_ => d(state));
    }

    /// <inheritdoc />
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A slot runs its work asynchronously; Send would block on itself.");

    /// <inheritdoc />
    public override SynchronizationContext CreateCopy() => this;

    private void Loop()
    {
        SetSynchronizationContext(this);
        foreach (var piece in work.GetConsumingEnumerable())
        {
            try
            {
                if (!door.IsOpen && !work.IsAddingCompleted)
                {
                    // It waited for work when the door closed: another device's slot is to have this.
                    work.Add(piece);
                    door.Wait();
                    continue;
                }

                Run(piece);
            }
            catch (Exception e)
            {
                onBug(thread.Name!, e);
            }
        }
    }

    private void Run(Func<string, Task> piece)
    {
        lock (gate)
        {
            running = true;
        }

        try
        {
            var task = piece(Device);
            if (!task.IsCompleted)
            {
                task.ContinueWith(
                    _ => arrived.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                while (!task.IsCompleted)
                {
                    arrived.Wait();
                    RunPosted();
                }
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            Close();
        }
    }

    private void RunPosted()
    {
        (SendOrPostCallback Callback, object? State) next;
        lock (gate)
        {
            if (!posted.TryDequeue(out next))
            {
                return;
            }
        }

        try
        {
            next.Callback(next.State);
        }
        catch (Exception e)
        {
            // Thrown by an async void inside the work; the work itself still has to be waited for.
            onBug(thread.Name!, e);
        }
    }

    private void Close()
    {
        lock (gate)
        {
            running = false;
            while (posted.TryDequeue(out var left))
            {
                ThreadPool.QueueUserWorkItem(_ => left.Callback(left.State));
            }
        }
    }
}
