using System.Collections.Concurrent;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation;

/// <summary>What is made of files of this machine, made once and shared by all slots, and made again where a file is another than it was. Safe for concurrent use.</summary>
/// <param name="load">Makes it of a path.</param>
internal sealed class LoadedFiles<T>(Func<string, T> load)
{
    private readonly ConcurrentDictionary<string, Loaded> _loaded = new(StringComparer.Ordinal);

    /// <summary>What is made of a path.</summary>
    /// <param name="path">Absolute path, already guarded.</param>
    /// <param name="files">The files that decide what it is; those that are not there count as such.</param>
    public T Get(string path, params IEnumerable<string> files)
    {
        var storage = new LocalStorage();
        var identity = string.Join('\n', files.Select(f => storage.Stat(f)?.Identity ?? f));
        var loaded = _loaded.AddOrUpdate(path, Load, (file, there) => there.Identity == identity ? there : Load(file));
        try
        {
            return loaded.Value.Value;
        }
        catch
        {
            // A file that is mended is loaded by the next attempt.
            _loaded.TryRemove(KeyValuePair.Create(path, loaded));
            throw;
        }

        Loaded Load(string file) => new(identity, new Lazy<T>(() => load(file)));
    }

    private sealed record Loaded(string Identity, Lazy<T> Value);
}
