using Orchestrator.Domain.Jobs;

namespace Orchestrator.Contracts.Dispatch;

/// <summary>A lease as it travels: the shard, the attempt.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.LeaseRef")]
public readonly record struct LeaseRef(
    [property: Id(0)] JobId Job, [property: Id(1)] string Phase, [property: Id(2)] int Index, [property: Id(3)] int Attempt)
{
    /// <summary>The domain's form.</summary>
    public LeaseKey ToKey() => new(new ShardKey(Job, Phase, Index), Attempt);

    /// <summary>The wire's form.</summary>
    public static LeaseRef From(LeaseKey key) => new(key.Shard.Job, key.Shard.Phase, key.Shard.Index, key.Attempt);
}

/// <summary>A finished attempt.</summary>
/// <param name="Device">Device that it ran on; null from a worker that does not say.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ShardCompletion")]
public sealed record ShardCompletion(
    [property: Id(0)] LeaseRef Lease,
    [property: Id(1)] string Manifest,
    [property: Id(2)] string Digest,
    [property: Id(3)] Dictionary<string, long> Tally,
    [property: Id(4)] TimeSpan Elapsed,
    [property: Id(5)] string? Device = null);

/// <summary>A committed shard of an earlier phase whose files are gone or changed.</summary>
/// <param name="Attempt">The attempt whose output it is; a shard that was committed again since is left alone.</param>
/// <param name="Problem">One sentence that names the file.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.SpoiltShard")]
public sealed record SpoiltShard(
    [property: Id(0)] string Phase, [property: Id(1)] int Index, [property: Id(2)] int Attempt, [property: Id(3)] string Problem);

/// <summary>A failed attempt.</summary>
/// <param name="Device">Device that it ran on; null from a worker that does not say.</param>
/// <param name="Spoilt">What it needs and what has to run again first; null for nothing.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ShardFault")]
public sealed record ShardFault(
    [property: Id(0)] LeaseRef Lease, [property: Id(1)] FailureKind Kind, [property: Id(2)] string Message, [property: Id(3)] string? Detail,
    [property: Id(4)] string? Device = null, [property: Id(5)] SpoiltShard[]? Spoilt = null);

/// <summary>A model that a worker can load.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ModelInfo")]
public sealed record ModelInfo(
    [property: Id(0)] string Name, [property: Id(1)] string Kind, [property: Id(2)] string Digest, [property: Id(3)] string? Problem);

/// <summary>What a worker is and has. Sent with the first exchange and whenever it changes.</summary>
[GenerateSerializer, Immutable]
[Alias("orchestrator.WorkerCapabilities")]
public sealed record WorkerCapabilities(
    [property: Id(0)] string Host,
    [property: Id(1)] string[] Devices,
    [property: Id(2)] int Slots,
    [property: Id(3)] string[] Kinds,
    [property: Id(4)] ModelInfo[] Models,
    [property: Id(5)] string Version);

/// <summary>
/// One call of a worker: what it finished, what it still runs, how much more it can take. Completions and faults are sent
/// again until a reply to them has been received; the receiver judges repeats by attempt and digest.
/// </summary>
/// <param name="WorkerId">Stable name of the worker process, unique in the cluster while it lives.</param>
/// <param name="Silo">Its silo address in Orleans' parsable form (<c>SiloAddress.ToParsableString</c>), generation included.</param>
/// <param name="Released">Leases handed back unworked, on drain.</param>
/// <param name="FreeSlots">Most leases wanted now; 0 for a mere heartbeat.</param>
/// <param name="Capabilities">Null where unchanged since the last acknowledged exchange.</param>
/// <param name="Running">Every lease the worker holds: those it works on, and those it was given and has not begun. A lease
/// from an earlier reply that is in none of the four lists is taken for undelivered and given out again at once.</param>
/// <param name="WarmModels">Names of models loaded now; jobs that need them are preferred within fair share.</param>
/// <param name="Sequence">Rises with each exchange of this worker, from 1. A worker has one exchange under way at a time; one
/// that timed out may still arrive after its successor, and is then only read for what it finished. 0: not numbered.</param>
/// <param name="LastMode">The mode of the last reply. A dispatcher that restarted takes it over.</param>
/// <param name="Started">Those of <paramref name="Running"/> that are being worked on; null from a worker that does not say, which then means all of them.</param>
/// <param name="LastCordoned">Cordoned devices of the last reply. A dispatcher that restarted takes them over.</param>
/// <param name="Ending">Leases that the worker no longer holds and whose work has not ended yet: it may still touch files. Null for none,
/// and from a worker that does not say.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ExchangeRequest")]
public sealed record ExchangeRequest(
    [property: Id(0)] string WorkerId,
    [property: Id(1)] string Silo,
    [property: Id(2)] ShardCompletion[] Completed,
    [property: Id(3)] ShardFault[] Failed,
    [property: Id(4)] LeaseRef[] Released,
    [property: Id(5)] LeaseRef[] Running,
    [property: Id(6)] int FreeSlots,
    [property: Id(7)] WorkerCapabilities? Capabilities,
    [property: Id(8)] string[] WarmModels,
    [property: Id(9)] long Sequence = 0,
    [property: Id(10)] WorkerMode LastMode = WorkerMode.Active,
    [property: Id(11)] LeaseRef[]? Started = null,
    [property: Id(12)] string[]? LastCordoned = null,
    [property: Id(13)] LeaseRef[]? Ending = null);

/// <summary>A shard granted to the worker that asked.</summary>
/// <param name="Kind">Kind of the job's document; with the phase it names the executor.</param>
/// <param name="Payload">JSON that only the executor reads.</param>
/// <param name="Trace">W3C traceparent stored with the job; null where nobody traced its submission.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ShardLease")]
public sealed record ShardLease(
    [property: Id(0)] LeaseRef Lease, [property: Id(1)] string Kind, [property: Id(2)] string Payload, [property: Id(3)] string? Trace = null);

/// <summary>Reply to an exchange.</summary>
/// <param name="Leases">Newly granted shards.</param>
/// <param name="Stop">Leases of the request's <c>Running</c> that the worker no longer holds or whose job is being cancelled: stop the work, delete its output.</param>
/// <param name="Fenced">Completions of the request that were refused: delete their output.</param>
/// <param name="LeaseTtl">A lease not renewed for this long is given to another worker.</param>
/// <param name="Drain">Take no more work.</param>
/// <param name="SendCapabilities">The dispatcher does not know this worker (it restarted): send capabilities with the next exchange. No lease is given before.</param>
/// <param name="Mode">What the operator set for this worker; sent back with the next exchange.</param>
/// <param name="CordonedDevices">Devices of this worker that get no more work; null for none. Sent back with the next exchange.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.ExchangeReply")]
public sealed record ExchangeReply(
    [property: Id(0)] ShardLease[] Leases,
    [property: Id(1)] LeaseRef[] Stop,
    [property: Id(2)] LeaseRef[] Fenced,
    [property: Id(3)] TimeSpan LeaseTtl,
    [property: Id(4)] bool Drain,
    [property: Id(5)] bool SendCapabilities,
    [property: Id(6)] WorkerMode Mode = WorkerMode.Active,
    [property: Id(7)] string[]? CordonedDevices = null);
