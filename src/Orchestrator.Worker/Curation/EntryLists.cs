using System.Collections.Concurrent;
using System.Text.Json;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation;

/// <summary>Entry lists of <c>balance</c> by path, loaded once and shared by all slots.</summary>
public sealed class EntryLists(AllowedRoots roots)
{
    private readonly ConcurrentDictionary<string, Lazy<EntryMatcher>> _loaded = new(StringComparer.Ordinal);

    /// <summary>The matcher of a list.</summary>
    /// <exception cref="InvalidDataException">The path is refused, or the file is not a list of entries.</exception>
    public EntryMatcher Get(string path)
    {
        var resolved = roots.Resolve(path, "stages[].entries");
        return resolved.Ok
            ? _loaded.GetOrAdd(resolved.Value, file => new Lazy<EntryMatcher>(() => new EntryMatcher(Read(file)))).Value
            : throw new InvalidDataException(resolved.Fault!.ToString());
    }

    private static string[] Read(string file)
    {
        string[] entries;
        try
        {
            var text = File.ReadAllText(file);
            entries = text.TrimStart().StartsWith('[')
                ? JsonSerializer.Deserialize<string[]>(text)!
                : text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).ToArray();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"stages[].entries: {file} begins as a JSON array but is not one of strings ({e.Message}); give that, or an entry a line.");
        }

        return entries.Length > 0 && entries.All(e => e is { Length: > 0 })
            ? entries
            : throw new InvalidDataException($"stages[].entries: {file} has no entries, or an empty one; give an entry a line.");
    }
}
