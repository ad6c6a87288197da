using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation;

/// <summary>A list of entries as loaded.</summary>
/// <param name="Matcher">Finds its entries in a text.</param>
/// <param name="Digest">SHA-256 of the file, lower-case hex: names the numbering that score parts hold.</param>
public sealed record EntryList(EntryMatcher Matcher, string Digest);

/// <summary>Entry lists of <c>balance</c> by path, loaded once for each content and shared by all slots.</summary>
public sealed class EntryLists(AllowedRoots roots)
{
    private readonly LoadedFiles<EntryList> _loaded = new(Read);

    /// <summary>A list.</summary>
    /// <exception cref="InvalidDataException">The path is refused, or the file is not a list of entries.</exception>
    public EntryList Get(string path)
    {
        var resolved = roots.Resolve(path, "stages[].entries");
        return resolved.Ok
            ? _loaded.Get(resolved.Value, resolved.Value)
            : throw new InvalidDataException(resolved.Fault!.ToString());
    }

    private static EntryList Read(string file)
    {
        string[] entries;
        var bytes = File.ReadAllBytes(file);
        try
        {
            using var reader = new StreamReader(new MemoryStream(bytes));
            var text = reader.ReadToEnd();
            entries = text.TrimStart().StartsWith('[')
                ? JsonSerializer.Deserialize<string[]>(text)!
                : text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).ToArray();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"stages[].entries: {file} begins as a JSON array but is not one of strings ({e.Message}); give that, or an entry a line.");
        }

        return entries.Length > 0 && entries.All(e => e is { Length: > 0 })
            ? new EntryList(new EntryMatcher(entries), Convert.ToHexStringLower(SHA256.HashData(bytes)))
            : throw new InvalidDataException($"stages[].entries: {file} has no entries, or an empty one; give an entry a line.");
    }
}
