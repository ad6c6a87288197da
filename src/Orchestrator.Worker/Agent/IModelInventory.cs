using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Agent;

/// <summary>The models of this worker. Asked about once a heartbeat, so both members answer from memory. Safe for concurrent use.</summary>
public interface IModelInventory
{
    /// <summary>Every model found under the configured roots, with its problem where it cannot be loaded.</summary>
    IReadOnlyList<ModelInfo> List();

    /// <summary>Names of the models loaded now.</summary>
    IReadOnlyCollection<string> Warm { get; }
}

/// <summary>A worker without models: it runs phases that need none.</summary>
internal sealed class NoModels : IModelInventory
{
    public IReadOnlyList<ModelInfo> List() => [];

    public IReadOnlyCollection<string> Warm => [];
}
