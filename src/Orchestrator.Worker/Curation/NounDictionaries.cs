using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation;

/// <summary>Dictionaries of <c>synset-labels</c> by path, loaded once for each content and shared by all slots.</summary>
public sealed class NounDictionaries(AllowedRoots roots)
{
    private const string Field = "stages[].dictionary";

    private readonly LoadedFiles<WordNetNouns> _loaded = new(Read);

    /// <summary>The dictionary in a folder.</summary>
    /// <exception cref="InvalidDataException">The path is refused, or the folder does not hold one.</exception>
    public WordNetNouns Get(string path)
    {
        var resolved = roots.Resolve(path, Field);
        return resolved.Ok
            ? _loaded.Get(resolved.Value, WordNetNouns.FileNames.Select(name => Path.Combine(resolved.Value, name)))
            : throw new InvalidDataException(resolved.Fault!.ToString());
    }

    private static WordNetNouns Read(string folder)
    {
        var read = WordNetNouns.Read(folder, Field);
        return read.Ok ? read.Value : throw new InvalidDataException(read.Fault!.ToString());
    }
}
