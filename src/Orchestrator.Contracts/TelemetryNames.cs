namespace Orchestrator.Contracts;

/// <summary>One instrument: its dotted name, its unit (UCUM; <c>{thing}</c> for counts of things) and what it measures.</summary>
public sealed record Instrument(string Name, string Unit, string Description);

/// <summary>Every meter, instrument, tag and span name of the product. Dashboards and tests read this list.</summary>
public static class TelemetryNames
{
    /// <summary>Meter of jobs, shards and dispatch.</summary>
    public const string DispatchMeter = "Orchestrator.Dispatch";

    /// <summary>Meter of worker processes and their devices.</summary>
    public const string WorkerMeter = "Orchestrator.Worker";

    /// <summary>Meter of curation stages.</summary>
    public const string CurationMeter = "Orchestrator.Curation";

    /// <summary>Meter of model sessions.</summary>
    public const string InferenceMeter = "Orchestrator.Inference";

    /// <summary>Meter of evaluation jobs.</summary>
    public const string EvaluationMeter = "Orchestrator.Evaluation";

    /// <summary>Pattern that takes in every meter above.</summary>
    public const string AllMeters = "Orchestrator.*";

    /// <summary>Source of the product's own spans; each job is one trace.</summary>
    public const string ActivitySource = "Orchestrator";

    /// <summary>Orleans' own sources, which carry a job's trace from process to process.</summary>
    public const string OrleansActivitySources = "Microsoft.Orleans.*";

    /// <summary>Orleans' own meter.</summary>
    public const string OrleansMeter = "Microsoft.Orleans";

    /// <summary>Tags: <c>curation</c>, <c>evaluation</c>, ...</summary>
    public const string KindTag = "kind";

    /// <summary>Tag: phase of a job.</summary>
    public const string PhaseTag = "phase";

    /// <summary>Tag: why a shard went back to the queue.</summary>
    public const string ReasonTag = "reason";

    /// <summary>Tag: stage of a curation pipeline.</summary>
    public const string StageTag = "stage";

    /// <summary>Tag: how something ended.</summary>
    public const string OutcomeTag = "outcome";

    /// <summary>Tag: name of a model.</summary>
    public const string ModelTag = "model";

    /// <summary>Tag: execution provider of ONNX Runtime.</summary>
    public const string ProviderTag = "provider";

    /// <summary>Tag: <c>cpu</c>, <c>cuda:0</c>, ...</summary>
    public const string DeviceTag = "device";

    /// <summary>Tag: evaluation method.</summary>
    public const string MethodTag = "method";

    /// <summary>Tag: part of a step (draft, verify, accept, kv, host).</summary>
    public const string PartTag = "part";

    /// <summary>Jobs stored.</summary>
    public static readonly Instrument JobsSubmitted = new("orchestrator.jobs.submitted", "{job}", "Jobs stored, by kind.");

    /// <summary>Leases granted.</summary>
    public static readonly Instrument ShardsLeased = new("orchestrator.shards.leased", "{shard}", "Leases granted to workers.");

    /// <summary>Shards committed.</summary>
    public static readonly Instrument ShardsCommitted = new("orchestrator.shards.committed", "{shard}", "Shards whose output was committed.");

    /// <summary>Shards put back in the queue.</summary>
    public static readonly Instrument ShardsRequeued = new(
        "orchestrator.shards.requeued", "{shard}", "Shards put back in the queue, by reason: failed, expired, silo-lost, undelivered, released.");

    /// <summary>Commits refused.</summary>
    public static readonly Instrument ShardsFenced = new(
        "orchestrator.shards.fenced", "{shard}", "Completions refused because their attempt was no longer the current one.");

    /// <summary>Shards quarantined.</summary>
    public static readonly Instrument ShardsQuarantined = new(
        "orchestrator.shards.quarantined", "{shard}", "Shards taken out because they killed their workers too often.");

    /// <summary>Duration of committed attempts.</summary>
    public static readonly Instrument ShardDuration = new("orchestrator.shard.duration", "s", "Time a worker spent on a committed attempt.");

    /// <summary>Duration of exchanges.</summary>
    public static readonly Instrument ExchangeDuration = new(
        "orchestrator.dispatch.exchange.duration", "s", "Time the dispatcher took for one exchange, the store's write included.");

    /// <summary>Samples through curation stages.</summary>
    public static readonly Instrument CurationSamples = new("orchestrator.curation.samples", "{sample}", "Samples through each stage, by outcome.");

    /// <summary>Scores given by curation stages.</summary>
    public static readonly Instrument CurationScore = new("orchestrator.curation.score", "1", "Scores given by each stage.");

    /// <summary>Duration of model runs.</summary>
    public static readonly Instrument InferenceDuration = new("orchestrator.inference.duration", "s", "Time of one model run over one batch.");

    /// <summary>Batch sizes.</summary>
    public static readonly Instrument InferenceBatchSize = new("orchestrator.inference.batch.size", "{item}", "Items in one model run.");

    /// <summary>Busy time of devices.</summary>
    public static readonly Instrument DeviceBusyTime = new("orchestrator.device.busy.time", "s", "Time that the slots of a device spent on shards.");

    /// <summary>Attempts ended by a worker.</summary>
    public static readonly Instrument WorkerAttempts = new(
        "orchestrator.worker.attempts", "{attempt}", "Attempts a worker ended, by outcome: completed, failed, stopped.");

    /// <summary>Exchanges without an answer.</summary>
    public static readonly Instrument WorkerExchangeFailures = new(
        "orchestrator.worker.exchange.failures", "{exchange}", "Exchanges a worker had no answer to; their outcome is unknown.");

    /// <summary>Leases given up by a worker that was cut off.</summary>
    public static readonly Instrument WorkerLeasesExpired = new(
        "orchestrator.worker.leases.expired", "{lease}", "Leases a worker gave up because it could not renew them in time.");

    /// <summary>Tokens of evaluation runs.</summary>
    public static readonly Instrument EvaluationTokens = new(
        "orchestrator.evaluation.tokens", "{token}", "Tokens, by method and kind: drafted, evaluated, accepted, emitted.");

    /// <summary>Accepted lengths.</summary>
    public static readonly Instrument EvaluationAcceptanceLength = new(
        "orchestrator.evaluation.acceptance.length", "{token}", "Draft tokens accepted in one step.");

    /// <summary>Step durations.</summary>
    public static readonly Instrument EvaluationStepDuration = new("orchestrator.evaluation.step.duration", "s", "Time of each part of one decoding step.");

    /// <summary>All instruments, in the order above.</summary>
    public static readonly IReadOnlyList<Instrument> All =
    [
        JobsSubmitted, ShardsLeased, ShardsCommitted, ShardsRequeued, ShardsFenced, ShardsQuarantined, ShardDuration,
        ExchangeDuration, CurationSamples, CurationScore, InferenceDuration, InferenceBatchSize, DeviceBusyTime,
        WorkerAttempts, WorkerExchangeFailures, WorkerLeasesExpired,
        EvaluationTokens, EvaluationAcceptanceLength, EvaluationStepDuration,
    ];
}
