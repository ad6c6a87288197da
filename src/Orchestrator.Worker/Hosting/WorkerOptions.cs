using System.Globalization;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Hosting;

/// <summary>What a worker is and how it asks for work. Section <c>Worker</c> of the configuration; checked at start.</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Worker";

    /// <summary>What the name of a GPU begins with.</summary>
    internal const string Cuda = "cuda:";

    /// <summary>
    /// Name of this worker process, unique in the cluster while it lives: 1 to 128 characters of <c>A-Z a-z 0-9 . _ -</c>.
    /// Default: host name, process id and six random hex digits.
    /// </summary>
    public string Id { get; set; } = "";

    /// <summary>Pool whose dispatcher is asked: <c>default</c>, the only one, because jobs carry no pool.</summary>
    public string Pool { get; set; } = IDispatcherGrain.DefaultPool;

    /// <summary>
    /// Devices to work on: <c>cpu</c> or <c>cuda:N</c>, each once, at least one, and one GPU at most: a process's models lie on one;
    /// further GPUs get a worker process each. Default <c>cpu</c> alone.
    /// </summary>
    public string[] Devices { get; set; } = [];

    /// <summary>Shards worked at a time, 1 to 1,024; slot i works for device i modulo their number. Default: one per device.</summary>
    public int? Slots { get; set; }

    /// <summary>Longest time between two exchanges, 50 ms to 10 s. Default 1 s.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Shortest time between the starts of two exchanges, 0 to 1 s. Work that ends within it is reported together. Default 5 ms.</summary>
    public TimeSpan ExchangeSpacing { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Time after which an exchange without an answer is repeated, 100 ms to 15 s. Default 5 s.</summary>
    public TimeSpan ExchangeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that running shards have to finish when the worker leaves, 0 to 1 hour. Default 25 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// Most leases held beyond the slots while shards take less than 1 s, 0 to 4,096. Reached only by shards of about a millisecond;
    /// it bounds their rate to about this many per exchange. Default 256, as many as the dispatcher grants at once.
    /// </summary>
    public int MaxPrefetch { get; set; } = 256;

    /// <summary>Whether the process ends after a drain that the dispatcher ordered. Default true; false where it serves more than the worker.</summary>
    public bool StopHostWhenDrained { get; set; } = true;

    /// <summary>
    /// Address of the worker's own web server (<c>/health</c>, <c>/alive</c>, <c>/metrics</c>): an absolute http URL; port 0 takes
    /// a free one. Default: what <c>ASPNETCORE_URLS</c> says, else <c>http://127.0.0.1:0</c>.
    /// </summary>
    public string? HttpUrl { get; set; }

    /// <summary>Number of the GPU among <see cref="Devices"/>; null where there is none.</summary>
    internal int? CudaDevice =>
        Devices.FirstOrDefault(device => device.StartsWith(Cuda, StringComparison.Ordinal)) is { } gpu ? int.Parse(gpu.AsSpan(Cuda.Length), CultureInfo.InvariantCulture) : null;

    /// <summary>Shards worked at a time.</summary>
    public int SlotCount => Slots ?? Devices.Length;
}
