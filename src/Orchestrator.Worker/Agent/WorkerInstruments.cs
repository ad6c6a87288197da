using System.Diagnostics.Metrics;
using Orchestrator.Contracts;
using Instrument = Orchestrator.Contracts.Instrument;

namespace Orchestrator.Worker.Agent;

/// <summary>What a worker counts. The time of a shard is the dispatcher's to measure: it alone sees lost attempts.</summary>
internal sealed class WorkerInstruments
{
    private readonly Counter<double> busy;
    private readonly Counter<long> attempts;
    private readonly Counter<long> failedExchanges;
    private readonly Counter<long> expired;

    public WorkerInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.WorkerMeter);
        busy = Counter<double>(meter, TelemetryNames.DeviceBusyTime);
        attempts = Counter<long>(meter, TelemetryNames.WorkerAttempts);
        failedExchanges = Counter<long>(meter, TelemetryNames.WorkerExchangeFailures);
        expired = Counter<long>(meter, TelemetryNames.WorkerLeasesExpired);
    }

    /// <summary>A slot worked for this long.</summary>
    public void OnDeviceBusy(string device, TimeSpan elapsed) =>
        busy.Add(elapsed.TotalSeconds, new KeyValuePair<string, object?>(TelemetryNames.DeviceTag, device));

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

    private static Counter<T> Counter<T>(Meter meter, Instrument instrument)
        where T : struct => meter.CreateCounter<T>(instrument.Name, instrument.Unit, instrument.Description);
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
