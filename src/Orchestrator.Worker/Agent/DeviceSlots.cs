using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// The worker's capacity: one dedicated thread per slot, taking work from one queue, and one more thread for clean-up so
/// that deleting refused output neither waits for a long shard nor runs on the thread pool. Safe for concurrent use.
/// </summary>
internal sealed partial class DeviceSlots : IDisposable
{
    private readonly BlockingCollection<Func<string, Task>> work = [];
    private readonly BlockingCollection<Func<string, Task>> cleanup = [];
    private readonly List<SlotThread> threads = [];
    private readonly Dictionary<string, DeviceGate> gates = new(StringComparer.Ordinal);
    private readonly WorkerInstruments instruments;
    private readonly ILogger<DeviceSlots> logger;

    public DeviceSlots(IOptions<WorkerOptions> options, WorkerInstruments instruments, ILogger<DeviceSlots> logger)
    {
        this.instruments = instruments;
        this.logger = logger;
        var devices = options.Value.Devices;
        Count = options.Value.SlotCount;
        for (var i = 0; i < Count; i++)
        {
            var device = devices[i % devices.Length];
            var gate = gates.TryGetValue(device, out var known) ? known : gates[device] = new DeviceGate();
            threads.Add(new SlotThread($"slot-{i}", device, work, LogEscaped, gate));
        }

        threads.Add(new SlotThread("slot-cleanup", "none", cleanup, LogEscaped));
        threads.ForEach(thread => thread.Start());
    }

    /// <summary>Raised on the slot's thread when it has become free.</summary>
    public event Action? Freed;

    /// <summary>Slots there are.</summary>
    public int Count { get; }

    /// <summary>Slots whose device is not cordoned.</summary>
    public int Open => threads.Count(thread => gates.TryGetValue(thread.Device, out var gate) && gate.IsOpen);

    /// <summary>Gives the slots of these devices no more work, and those of all others work again. What runs goes on.</summary>
    public void Cordon(IReadOnlyCollection<string> devices)
    {
        foreach (var (device, gate) in gates)
        {
            if (gate.IsOpen == devices.Contains(device))
            {
                gate.Set(!gate.IsOpen);
                LogGate(device, gate.IsOpen ? "works again" : "is cordoned: distinct jobs failed on it");
            }
        }
    }

    /// <summary>Device of the slot that the caller runs on; null elsewhere. For executors that own one session per device.</summary>
    public static string? CurrentDevice => (SynchronizationContext.Current as SlotThread)?.Device;

    /// <summary>Runs <paramref name="piece"/> on the next free slot; its argument is the slot's device.</summary>
    public void Enqueue(Func<string, Task> piece) => work.Add(device => RunAsync(piece, device));

    /// <summary>Runs <paramref name="piece"/> on the clean-up thread, in the order of the calls.</summary>
    public void EnqueueCleanup(Func<Task> piece) => cleanup.Add(_ => piece());

    /// <summary>Completes when everything given to <see cref="EnqueueCleanup"/> before has run; at once where the slots have ended.</summary>
    public Task CleanupDoneAsync()
    {
        if (cleanup.IsAddingCompleted)
        {
            return Task.CompletedTask;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cleanup.Add(_ =>
        {
            done.SetResult();
            return Task.CompletedTask;
        });
        return done.Task;
    }

    /// <summary>Ends idle threads; those with work end after it, or with the process.</summary>
    public void Dispose()
    {
        work.CompleteAdding();
        foreach (var gate in gates.Values)
        {
            gate.Set(open: true);
        }

        cleanup.CompleteAdding();
    }

    private async Task RunAsync(Func<string, Task> piece, string device)
    {
        instruments.OnSlotTaken(device);
        try
        {
            await piece(device);
        }
        finally
        {
            instruments.OnSlotFreed(device);
            Freed?.Invoke();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {Device} {What}")]
    private partial void LogGate(string device, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "Work on {Thread} let an exception escape; the slot goes on")]
    private partial void LogEscaped(string thread, Exception exception);
}
