using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Api.Workers;

/// <summary>The workers of the cluster, asked of the dispatcher.</summary>
public sealed class WorkerDirectory(IGrainFactory grains)
{
    private IDispatcherGrain Dispatcher => grains.GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool);

    /// <summary>Workers seen within the last minutes, by id.</summary>
    public async Task<IReadOnlyList<WorkerView>> ListAsync() =>
        [.. (await Dispatcher.GetWorkersAsync()).OrderBy(w => w.Id, StringComparer.Ordinal)];

    /// <summary>Sets what a worker may be given; null where it is not known.</summary>
    public async Task<WorkerView?> SetModeAsync(string id, WorkerMode mode) =>
        await Dispatcher.SetWorkerModeAsync(id, mode) ? (await ListAsync()).FirstOrDefault(w => w.Id == id) : null;
}
