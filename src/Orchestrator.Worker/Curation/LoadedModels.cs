using Orchestrator.Inference;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>Models of one kind by name, loaded on first use; one that could not be loaded is tried again by the next. Safe for concurrent use.</summary>
/// <param name="load">Loads one.</param>
internal sealed class LoadedModels<T>(Func<string, T> load) : IDisposable
    where T : IDisposable
{
    private readonly MadeOnce<string, T> _loaded = new();

    /// <summary>Names of those that are loaded.</summary>
    public IEnumerable<string> Names => _loaded.All.Select(l => l.Key);

    /// <summary>The model called <paramref name="name"/>.</summary>
    /// <exception cref="ModelContractException">The folder is missing or does not hold what its kind needs.</exception>
    public T Get(string name) => _loaded.Get(name, load);

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        foreach (var model in _loaded.All)
        {
            model.Value.Dispose();
        }
    }
}
