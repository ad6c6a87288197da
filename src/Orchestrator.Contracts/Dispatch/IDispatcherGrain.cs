using Orchestrator.Domain.Jobs;

namespace Orchestrator.Contracts.Dispatch;

/// <summary>
/// Gives shards to workers. One per pool; the key is the pool's name, <see cref="DefaultPool"/> where there is one only.
/// Holds nothing that it cannot read back from the rows. May be called concurrently; every call may be repeated.
/// </summary>
[Alias("orchestrator.IDispatcherGrain")]
public interface IDispatcherGrain : IGrainWithStringKey
{
    /// <summary>Key of the only pool of a cluster that has one.</summary>
    const string DefaultPool = "default";

    /// <summary>A worker's report and its new work.</summary>
    [Alias("Exchange")]
    Task<ExchangeReply> ExchangeAsync(ExchangeRequest request);

    /// <summary>The rows of this job changed (started, next phase, paused, resumed, cancelled, retried): read them again.</summary>
    [Alias("JobChanged")]
    Task JobChangedAsync(JobId id);

    /// <summary>
    /// Whether an attempt of this job may still be at work somewhere: on a worker that lives and has not said that it has ended.
    /// True as well while too little time has passed since this dispatcher began to hear of every worker.
    /// </summary>
    [Alias("IsAtWork")]
    Task<bool> IsAtWorkAsync(JobId id);

    /// <summary>Workers seen within the last minutes.</summary>
    [Alias("GetWorkers")]
    Task<WorkerView[]> GetWorkersAsync();

    /// <summary>Sets what a worker may be given; false where it is not known. <see cref="WorkerMode.Active"/> also gives its cordoned devices work again.</summary>
    [Alias("SetWorkerMode")]
    Task<bool> SetWorkerModeAsync(string workerId, WorkerMode mode);
}

/// <summary>What a worker may be given.</summary>
public enum WorkerMode
{
    /// <summary>Work as it asks.</summary>
    Active,

    /// <summary>No new work; it stays connected.</summary>
    Cordoned,

    /// <summary>No new work, and it is told to finish and leave.</summary>
    Draining,
}

/// <summary>A worker as users see it.</summary>
/// <param name="CordonedDevices">Devices taken out of work because distinct jobs failed on them; null from a dispatcher that does not say.</param>
[GenerateSerializer, Immutable]
[Alias("orchestrator.WorkerView")]
public sealed record WorkerView(
    [property: Id(0)] string Id,
    [property: Id(1)] string Silo,
    [property: Id(2)] WorkerMode Mode,
    [property: Id(3)] WorkerCapabilities? Capabilities,
    [property: Id(4)] int Running,
    [property: Id(5)] long Committed,
    [property: Id(6)] long Failed,
    [property: Id(7)] DateTimeOffset LastSeen,
    [property: Id(8)] string[] WarmModels,
    [property: Id(9)] string[]? CordonedDevices = null);
