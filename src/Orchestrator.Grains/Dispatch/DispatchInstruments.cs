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
    public const string Spoilt = "spoilt";

    public static readonly IReadOnlyList<string> All = [Failed, Expired, SiloLost, Undelivered, Released, Spoilt];
}

/// <summary>What the dispatcher holds now; read by the gauges.</summary>
/// <param name="Shards">Shards of unfinished jobs by kind, phase and state.</param>
/// <param name="Jobs">Unfinished jobs by kind and state.</param>
/// <param name="Workers">Workers by mode.</param>
internal sealed record DispatchLevels(
    IReadOnlyDictionary<(string Kind, string Phase, string State), long> Shards,
    IReadOnlyDictionary<(string Kind, string State), long> Jobs,
    IReadOnlyDictionary<string, long> Workers);

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
    private readonly Histogram<double> writeDuration;
    private readonly Histogram<double> recoveryDuration;
    private volatile DispatchLevels? levels;

    /// <summary>Creates the instruments of <see cref="TelemetryNames.DispatchMeter"/>.</summary>
    public DispatchInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.DispatchMeter);
        submitted = TelemetryNames.JobsSubmitted.CounterOf<long>(meter);
        leased = TelemetryNames.ShardsLeased.CounterOf<long>(meter);
        committed = TelemetryNames.ShardsCommitted.CounterOf<long>(meter);
        requeued = TelemetryNames.ShardsRequeued.CounterOf<long>(meter);
        fenced = TelemetryNames.ShardsFenced.CounterOf<long>(meter);
        quarantined = TelemetryNames.ShardsQuarantined.CounterOf<long>(meter);
        shardDuration = TelemetryNames.ShardDuration.HistogramOf<double>(meter);
        exchangeDuration = TelemetryNames.ExchangeDuration.HistogramOf<double>(meter);
        writeDuration = TelemetryNames.StoreWriteDuration.HistogramOf<double>(meter);
        recoveryDuration = TelemetryNames.RecoveryDuration.HistogramOf<double>(meter);
        TelemetryNames.QueueShards.GaugeOf(meter, () => Read(
            levels?.Shards,
            key => [Tag(TelemetryNames.KindTag, key.Kind), Tag(TelemetryNames.PhaseTag, key.Phase), Tag(TelemetryNames.StateTag, key.State)]));
        TelemetryNames.JobsActive.GaugeOf(meter, () => Read(
            levels?.Jobs, key => [Tag(TelemetryNames.KindTag, key.Kind), Tag(TelemetryNames.StateTag, key.State)]));
        TelemetryNames.Workers.GaugeOf(meter, () => Read(levels?.Workers, mode => [Tag(TelemetryNames.ModeTag, mode)]));
    }

    /// <summary>
    /// A dispatcher took up its work here. Counters of rare events begin at 0 now: one that appears with its first event never
    /// rises, as far as <c>increase()</c> can see.
    /// </summary>
    internal void OnDispatcherActivated()
    {
        fenced.Add(0);
        quarantined.Add(0);
        foreach (var reason in RequeueReasons.All)
        {
            requeued.Add(0, Tag(TelemetryNames.ReasonTag, reason));
        }
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

    internal void OnStoreWrite(TimeSpan elapsed) => writeDuration.Record(elapsed.TotalSeconds);

    /// <summary>A lost shard was granted again after this time.</summary>
    internal void OnRecovered(string reason, TimeSpan elapsed) => recoveryDuration.Record(elapsed.TotalSeconds, Tag(TelemetryNames.ReasonTag, reason));

    /// <summary>What the dispatcher of this process holds; null where it no longer runs here, so that the gauges fall silent.</summary>
    internal void SetLevels(DispatchLevels? now) => levels = now;

    private static IEnumerable<Measurement<long>> Read<TKey>(
        IReadOnlyDictionary<TKey, long>? level, Func<TKey, KeyValuePair<string, object?>[]> tags) =>
        level?.Select(entry => new Measurement<long>(entry.Value, tags(entry.Key))) ?? [];

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);
}
