using System.Collections.Frozen;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Agent;

/// <summary>The executors of this worker by document kind and phase.</summary>
internal sealed class ExecutorCatalog
{
    private readonly FrozenDictionary<(string Kind, string Phase), IShardExecutor> executors;

    /// <exception cref="InvalidOperationException">Two executors are registered for one phase; all such pairs are named.</exception>
    public ExecutorCatalog(IEnumerable<IShardExecutor> executors)
    {
        var groups = executors.GroupBy(executor => (executor.Kind, executor.Phase)).ToArray();
        var twice = groups.Where(group => group.Count() > 1).ToArray();
        if (twice.Length > 0)
        {
            var lines = twice.Select(group =>
                $"'{group.Key.Kind}/{group.Key.Phase}': {string.Join(", ", group.Select(executor => executor.GetType().Name))}");
            throw new InvalidOperationException($"More than one executor is registered for {string.Join("; ", lines)}. Register one of them.");
        }

        this.executors = groups.ToFrozenDictionary(group => group.Key, group => group.Single());
        Kinds = [.. groups.Select(group => group.Key.Kind).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Document kinds that this worker can work on, in order.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>The executor of a phase; null where there is none.</summary>
    public IShardExecutor? Find(string kind, string phase) => executors.GetValueOrDefault((kind, phase));

    /// <summary>Says that a phase has no executor, and what this worker has.</summary>
    public string Missing(string kind, string phase) =>
        $"This worker has no executor for phase '{phase}' of kind '{kind}'; it has "
        + (executors.Count == 0 ? "none at all" : string.Join(", ", executors.Keys.Select(key => $"{key.Kind}/{key.Phase}").Order(StringComparer.Ordinal)))
        + ". Run workers of the version that planned the job.";
}
