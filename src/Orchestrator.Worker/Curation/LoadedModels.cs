using System.Collections.Concurrent;
using Orchestrator.Inference;

namespace Orchestrator.Worker.Curation;

/// <summary>Models of one kind by name, loaded on first use. Safe for concurrent use.</summary>
/// <param name="load">Loads one.</param>
internal sealed class LoadedModels<T>(Func<string, T> load) : IDisposable
    where T : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<T>> _loaded = new(StringComparer.Ordinal);

    /// <summary>Names of those that are loaded.</summary>
    public IEnumerable<string> Names => _loaded.Where(l => l.Value.IsValueCreated).Select(l => l.Key);

    /// <summary>The model called <paramref name="name"/>.</summary>
    /// <exception cref="ModelContractException">The folder is missing or does not hold what its kind needs.</exception>
    public T Get(string name)
    {
        var model = _loaded.GetOrAdd(name, n => new Lazy<T>(() => load(n)));
        try
        {
            return model.Value;
        }
        catch (ModelContractException)
        {
            // A folder that is mended is loaded by the next attempt.
            _loaded.TryRemove(KeyValuePair.Create(name, model));
            throw;
        }
    }

    /// <summary>Frees them.</summary>
    public void Dispose()
    {
        foreach (var model in _loaded.Values.Where(l => l.IsValueCreated))
        {
            model.Value.Dispose();
        }
    }
}
