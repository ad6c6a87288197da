using System.Reflection;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Decides when the dispatcher must be told what this worker is: until the first acknowledgement, whenever it changes and
/// whenever the dispatcher asks. Used by the agent's loop only.
/// </summary>
internal sealed class CapabilityReport(
    IOptions<WorkerOptions> options, ExecutorCatalog executors, IModelInventory models, TimeProvider time)
{
    private static readonly string Version =
        typeof(CapabilityReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private WorkerCapabilities? acknowledged;
    private WorkerCapabilities? current;
    private long lookedAt;

    /// <summary>What to send with the next exchange; null where the dispatcher knows it.</summary>
    public WorkerCapabilities? Due()
    {
        // Hundreds of exchanges a second are normal with short shards; models do not change that fast.
        if (current is null || time.GetElapsedTime(lookedAt) >= options.Value.HeartbeatInterval)
        {
            lookedAt = time.GetTimestamp();
            current = Look();
        }

        return acknowledged is not null && Same(acknowledged, current) ? null : current;
    }

    /// <summary>An exchange that carried <paramref name="sent"/> was answered.</summary>
    public void Acknowledge(WorkerCapabilities? sent) => acknowledged = sent ?? acknowledged;

    /// <summary>The dispatcher does not know this worker.</summary>
    public void Forget() => acknowledged = null;

    private WorkerCapabilities Look() => new(
        Environment.MachineName, options.Value.Devices, options.Value.SlotCount, [.. executors.Kinds], [.. models.List()], Version);

    // Of what Look() fills in, only the models can change while the process lives.
    private static bool Same(WorkerCapabilities a, WorkerCapabilities b) => a.Models.AsSpan().SequenceEqual(b.Models);
}
