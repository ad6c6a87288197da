using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Agent;

/// <summary>What a worker counts. The time of a shard is the dispatcher's to measure: it alone sees lost attempts.</summary>
internal sealed class WorkerInstruments
{
    private readonly Dictionary<string, BusyClock> busy;
    private readonly Counter<long> attempts;
    private readonly Counter<long> failedExchanges;
    private readonly Counter<long> expired;

    public WorkerInstruments(IMeterFactory meters, IOptions<WorkerOptions> options, TimeProvider time)
    {
        var (devices, slots) = (options.Value.Devices, options.Value.SlotCount);
        busy = devices.ToDictionary(device => device, _ => new BusyClock(time), StringComparer.Ordinal);
        var meter = meters.Create(TelemetryNames.WorkerMeter);
        var busyTime = TelemetryNames.DeviceBusyTime;
        meter.CreateObservableCounter(
            busyTime.Name, () => busy.Select(b => new Measurement<double>(b.Value.Read().TotalSeconds, Device(b.Key))), busyTime.Unit, busyTime.Description);
        TelemetryNames.DeviceSlots.GaugeOf(
            meter, () => devices.Select((device, i) => new Measurement<long>((slots - i + devices.Length - 1) / devices.Length, Device(device))));
        attempts = TelemetryNames.WorkerAttempts.CounterOf<long>(meter);
        failedExchanges = TelemetryNames.WorkerExchangeFailures.CounterOf<long>(meter);
        expired = TelemetryNames.WorkerLeasesExpired.CounterOf<long>(meter);
    }

    /// <summary>The worker begins. Counters of rare events start at 0 here, so that their first event shows as a rise.</summary>
    public void OnStarted()
    {
        failedExchanges.Add(0);
        expired.Add(0);
    }

    /// <summary>A slot of this device begins a shard.</summary>
    public void OnSlotTaken(string device) => busy[device].Begin();

    /// <summary>A slot of this device is free again.</summary>
    public void OnSlotFreed(string device) => busy[device].End();

    /// <summary>An attempt ended.</summary>
    public void OnAttempt(AttemptEnd end) => attempts.Add(1, new KeyValuePair<string, object?>(TelemetryNames.OutcomeTag, end switch
    {
        AttemptEnd.Completed => "completed",
        AttemptEnd.Failed => "failed",
        _ => "stopped",
    }));

    /// <summary>An exchange had no answer.</summary>
    public void OnExchangeFailed() => failedExchanges.Add(1);

    /// <summary>The worker stopped this many leases that it could not renew.</summary>
    public void OnLeasesExpired(int leases) => expired.Add(leases);

    private static KeyValuePair<string, object?> Device(string device) => new(TelemetryNames.DeviceTag, device);
}

/// <summary>How an attempt ended on the worker.</summary>
internal enum AttemptEnd
{
    /// <summary>It has output to commit.</summary>
    Completed,

    /// <summary>It has a failure to report.</summary>
    Failed,

    /// <summary>Its lease was lost or handed back.</summary>
    Stopped,
}
