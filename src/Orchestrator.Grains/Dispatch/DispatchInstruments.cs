using System.Diagnostics.Metrics;
using Orchestrator.Contracts;

namespace Orchestrator.Grains.Dispatch;

/// <summary>Why a shard went back to the queue; values of the tag <c>reason</c>.</summary>
internal static class RequeueReasons
{
    public const string Failed = "failed";
    public const string Expired = "expired";
    public const string SiloLost = "silo-lost";
    public const string Undelivered = "undelivered";
    public const string Released = "released";
}

/// <summary>What the control plane counts, as verbs.</summary>
public sealed class DispatchInstruments
{
    private readonly Counter<long> submitted;
    private readonly Counter<long> leased;
    private readonly Counter<long> committed;
    private readonly Counter<long> requeued;
    private readonly Counter<long> fenced;
    private readonly Counter<long> quarantined;
    private readonly Histogram<double> shardDuration;
    private readonly Histogram<double> exchangeDuration;

    /// <summary>Creates the instruments of <see cref="TelemetryNames.DispatchMeter"/>.</summary>
    public DispatchInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.DispatchMeter);
        submitted = Counter(TelemetryNames.JobsSubmitted);
        leased = Counter(TelemetryNames.ShardsLeased);
        committed = Counter(TelemetryNames.ShardsCommitted);
        requeued = Counter(TelemetryNames.ShardsRequeued);
        fenced = Counter(TelemetryNames.ShardsFenced);
        quarantined = Counter(TelemetryNames.ShardsQuarantined);
        shardDuration = Histogram(TelemetryNames.ShardDuration);
        exchangeDuration = Histogram(TelemetryNames.ExchangeDuration);

        Counter<long> Counter(Contracts.Instrument i) => meter.CreateCounter<long>(i.Name, i.Unit, i.Description);
        Histogram<double> Histogram(Contracts.Instrument i) => meter.CreateHistogram<double>(i.Name, i.Unit, i.Description);
    }

    /// <summary>A job was stored.</summary>
    public void OnJobSubmitted(string kind) => submitted.Add(1, Tag(TelemetryNames.KindTag, kind));

    internal void OnShardsLeased(string kind, string phase, int count) =>
        leased.Add(count, Tag(TelemetryNames.KindTag, kind), Tag(TelemetryNames.PhaseTag, phase));

    internal void OnShardCommitted(string kind, string phase, TimeSpan elapsed)
    {
        committed.Add(1, Tag(TelemetryNames.KindTag, kind), Tag(TelemetryNames.PhaseTag, phase));
        shardDuration.Record(elapsed.TotalSeconds, Tag(TelemetryNames.KindTag, kind), Tag(TelemetryNames.PhaseTag, phase));
    }

    internal void OnShardRequeued(string reason) => requeued.Add(1, Tag(TelemetryNames.ReasonTag, reason));

    internal void OnShardFenced() => fenced.Add(1);

    internal void OnShardQuarantined() => quarantined.Add(1);

    internal void OnExchange(TimeSpan elapsed) => exchangeDuration.Record(elapsed.TotalSeconds);

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);
}
