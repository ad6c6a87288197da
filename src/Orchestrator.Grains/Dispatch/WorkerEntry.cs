using System.Collections.Frozen;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

/// <summary>What the dispatcher knows of one worker. All of it comes back with the worker's next exchanges.</summary>
internal sealed class WorkerEntry(string id, DevicePolicy policy)
{
    private readonly Dictionary<string, DeviceHealth> devices = new(StringComparer.Ordinal);

    public LeaseOwner Owner { get; private set; }

    public WorkerMode Mode { get; set; }

    public WorkerCapabilities? Capabilities { get; private set; }

    /// <summary>Document kinds it has executors for.</summary>
    public FrozenSet<string> Kinds { get; private set; } = [];

    /// <summary>Models that load there.</summary>
    public FrozenSet<string> Models { get; private set; } = [];

    public int Running { get; set; }

    public long Committed { get; set; }

    public long Failed { get; set; }

    public DateTimeOffset LastSeen { get; private set; }

    private readonly HashSet<JobId> atWork = [];
    private long lastSequence;
    private string[] warmModels = [];

    /// <summary>Whether an attempt of this job may be at work there: by its last word, or given to it since.</summary>
    public bool IsAtWork(JobId job) => atWork.Contains(job);

    /// <summary>Leases of this job go out with the reply.</summary>
    public void NoteGiven(JobId job) => atWork.Add(job);

    /// <summary>Takes in who asks. False for an exchange that was overtaken by a later one.</summary>
    public bool Greet(ExchangeRequest request, DateTimeOffset now)
    {
        if (Owner.Silo != request.Silo)
        {
            // A new process under the old name: nothing of the old one holds for it.
            Owner = new LeaseOwner(request.Silo, id);
            lastSequence = 0;
            atWork.Clear();
            Capabilities = null;
            Mode = request.LastMode;
            devices.Clear();
            foreach (var device in request.LastCordoned ?? [])
            {
                Device(device).Cordon();
            }
        }

        if (request.Sequence != 0 && request.Sequence <= lastSequence)
        {
            return false;
        }

        lastSequence = request.Sequence;
        LastSeen = now;
        atWork.Clear();
        atWork.UnionWith(request.Running.Concat(request.Ending ?? []).Select(lease => lease.Job));
        warmModels = request.WarmModels;
        if (request.Capabilities is { } capabilities)
        {
            Capabilities = capabilities;
            Kinds = capabilities.Kinds.ToFrozenSet(StringComparer.Ordinal);
            Models = capabilities.Models.Where(model => model.Problem is null).Select(model => model.Name).ToFrozenSet(StringComparer.Ordinal);
        }

        return true;
    }

    /// <summary>The record of one of its devices.</summary>
    public DeviceHealth Device(string name) => devices.TryGetValue(name, out var known) ? known : devices[name] = new DeviceHealth(policy);

    /// <summary>Devices that get no more work; null for none.</summary>
    public string[]? CordonedDevices =>
        devices.Where(pair => pair.Value.IsCordoned).Select(pair => pair.Key).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } cordoned ? cordoned : null;

    /// <summary>Gives every device work again.</summary>
    public void UncordonDevices()
    {
        foreach (var device in devices.Values)
        {
            device.Uncordon();
        }
    }

    public WorkerView ToView() =>
        new(id, Owner.Silo, Mode, Capabilities, Running, Committed, Failed, LastSeen, warmModels, CordonedDevices);
}
