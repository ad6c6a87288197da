using System.Diagnostics.Metrics;

namespace Orchestrator.Contracts;

/// <summary>One instrument: its dotted name, its unit (UCUM; <c>{thing}</c> for counts of things) and what it measures.</summary>
/// <param name="Buckets">Upper bounds of a histogram's buckets in the unit, rising; null for what is no histogram.</param>
public sealed record Instrument(string Name, string Unit, string Description, IReadOnlyList<double>? Buckets = null)
{
    /// <summary>Makes the counter in a meter.</summary>
    public Counter<T> CounterOf<T>(Meter meter)
        where T : struct => meter.CreateCounter<T>(Name, Unit, Description);

    /// <summary>
    /// Makes the histogram in a meter. Its buckets travel with it as advice, which every exporter follows, so that no host
    /// has to repeat them in views.
    /// </summary>
    /// <exception cref="InvalidOperationException">No buckets were chosen.</exception>
    public Histogram<T> HistogramOf<T>(Meter meter)
        where T : struct => meter.CreateHistogram(Name, Unit, Description, tags: null, new InstrumentAdvice<T>
        {
            HistogramBucketBoundaries = [.. (Buckets ?? throw new InvalidOperationException($"{Name} has no buckets."))
                .Select(bound => (T)Convert.ChangeType(bound, typeof(T), System.Globalization.CultureInfo.InvariantCulture))],
        });

    /// <summary>Makes the gauge in a meter; <paramref name="read"/> is called at each collection, from any thread.</summary>
    public void GaugeOf<T>(Meter meter, Func<IEnumerable<Measurement<T>>> read)
        where T : struct => meter.CreateObservableGauge(Name, read, Unit, Description);
}

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

    /// <summary>Source of the product's own spans; each job is one trace. See <see cref="JobTrace"/>.</summary>
    public const string ActivitySource = "Orchestrator";

    /// <summary>Span: a document is taken in; the job's other spans are below it.</summary>
    public const string SubmitSpan = "submit";

    /// <summary>Span: a document is checked and its shards counted.</summary>
    public const string PlanSpan = "plan";

    /// <summary>Span: a job moves from one phase to the next or to its end.</summary>
    public const string AdvanceSpan = "advance";

    /// <summary>Span: one attempt of one shard.</summary>
    public const string AttemptSpan = "attempt";

    /// <summary>Span: one stage of an attempt; the stage's type follows.</summary>
    public const string StageSpan = "stage ";

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

    /// <summary>Tag: state of a shard or a job.</summary>
    public const string StateTag = "state";

    /// <summary>Tag: what a worker may be given.</summary>
    public const string ModeTag = "mode";

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

    /// <summary>Work of a worker: a shard of the demo takes tens of milliseconds, one of 10,000 images minutes, one of a captioner an hour.</summary>
    private static readonly double[] WorkSeconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

    /// <summary>A call to a store or a grain: half a millisecond in memory, seconds where something is wrong.</summary>
    private static readonly double[] CallSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>One run of a model: a token on a GPU to a large batch on a CPU.</summary>
    private static readonly double[] RunSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private static readonly double[] PowersOfTwo = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

    /// <summary>
    /// Cosines of web pairs lie between 0 and 0.4, those of small models below 0 as well; probabilities fill 0 to 1. Because of the
    /// negative bounds OpenMetrics leaves out <c>_sum</c> and <c>_count</c>: use quantiles, not means.
    /// </summary>
    private static readonly double[] Scores =
        [-1, -0.5, -0.25, -0.1, 0, 0.05, 0.1, 0.15, 0.2, 0.225, 0.25, 0.275, 0.3, 0.325, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    private static readonly double[] Lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32];

    /// <summary>From the loss of a worker to the new grant of its shard.</summary>
    private static readonly double[] RecoverySeconds = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300];

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
    public static readonly Instrument ShardDuration = new("orchestrator.shard.duration", "s", "Time a worker spent on a committed attempt.", WorkSeconds);

    /// <summary>Duration of exchanges.</summary>
    public static readonly Instrument ExchangeDuration = new(
        "orchestrator.dispatch.exchange.duration", "s", "Time the dispatcher took for one exchange, the store's write included.", CallSeconds);

    /// <summary>Writes of the store.</summary>
    public static readonly Instrument StoreWriteDuration = new(
        "orchestrator.store.write.duration", "s", "Time of the store's write within an exchange or a sweep.", CallSeconds);

    /// <summary>Shards that wait or are leased.</summary>
    public static readonly Instrument QueueShards = new(
        "orchestrator.queue.shards", "{shard}", "Shards of unfinished jobs in the dispatcher's ledgers, by kind, phase and state: pending, leased, held (of a paused job).");

    /// <summary>Unfinished jobs.</summary>
    public static readonly Instrument JobsActive = new("orchestrator.jobs.active", "{job}", "Unfinished jobs the dispatcher knows, by kind and state.");

    /// <summary>Workers seen lately.</summary>
    public static readonly Instrument Workers = new("orchestrator.workers", "{worker}", "Workers that exchange with the dispatcher, by mode.");

    /// <summary>How long a lost shard waited.</summary>
    public static readonly Instrument RecoveryDuration = new(
        "orchestrator.recovery.duration", "s", "Time from the loss of a lease to the next grant of its shard, by reason.", RecoverySeconds);

    /// <summary>Samples through curation stages.</summary>
    public static readonly Instrument CurationSamples = new(
        "orchestrator.curation.samples",
        "{sample}",
        "Samples through each stage by outcome (passed, scored, rejected, quarantined, duplicate, kept), and by reason where left out. Work done: a shard worked twice counts twice.");

    /// <summary>Scores given by curation stages.</summary>
    public static readonly Instrument CurationScore = new("orchestrator.curation.score", "1", "Scores given by each stage.", Scores);

    /// <summary>Time of the CPU side.</summary>
    public static readonly Instrument CurationCpuTime = new(
        "orchestrator.curation.cpu.time", "s", "Time that threads spent on the CPU side of scoring: reading, decoding, resizing, tokenising.");

    /// <summary>Duration of model runs.</summary>
    public static readonly Instrument InferenceDuration = new("orchestrator.inference.duration", "s", "Time of one model run over one batch.", RunSeconds);

    /// <summary>Batch sizes.</summary>
    public static readonly Instrument InferenceBatchSize = new("orchestrator.inference.batch.size", "{item}", "Items in one model run.", PowersOfTwo);

    /// <summary>Busy time of devices.</summary>
    public static readonly Instrument DeviceBusyTime = new("orchestrator.device.busy.time", "s", "Time that the slots of a device spent on shards, shards under way included.");

    /// <summary>Slots of devices.</summary>
    public static readonly Instrument DeviceSlots = new("orchestrator.device.slots", "{slot}", "Slots a worker has for a device.");

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
        "orchestrator.evaluation.acceptance.length", "{token}", "Draft tokens accepted in one step.", Lengths);

    /// <summary>Step durations.</summary>
    public static readonly Instrument EvaluationStepDuration = new("orchestrator.evaluation.step.duration", "s", "Time of each part of one decoding step.", RunSeconds);

    /// <summary>All instruments, in the order above.</summary>
    public static readonly IReadOnlyList<Instrument> All =
    [
        JobsSubmitted, ShardsLeased, ShardsCommitted, ShardsRequeued, ShardsFenced, ShardsQuarantined, ShardDuration,
        ExchangeDuration, StoreWriteDuration, QueueShards, JobsActive, Workers, RecoveryDuration,
        CurationSamples, CurationScore, CurationCpuTime, InferenceDuration, InferenceBatchSize, DeviceBusyTime, DeviceSlots,
        WorkerAttempts, WorkerExchangeFailures, WorkerLeasesExpired,
        EvaluationTokens, EvaluationAcceptanceLength, EvaluationStepDuration,
    ];
}
