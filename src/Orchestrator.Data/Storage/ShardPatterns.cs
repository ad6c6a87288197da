using System.IO.Enumeration;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Storage;

/// <summary>One input shard.</summary>
/// <param name="Name">Path as the document wrote it, patterns filled in; the same on every machine, so it may appear in outputs.</param>
/// <param name="Path">Absolute path to open, without links, or address.</param>
/// <param name="Found">What a listing said of it; null where none was asked.</param>
public sealed record ShardFile(string Name, string Path, StoredFile? Found = null);

/// <summary>Turns <c>input.shards</c> into a list of files or objects: braces, globs (<c>*</c>, <c>?</c>, <c>**</c>) and plain paths.</summary>
/// <remarks>
/// Braces and plain paths name files whether or not they exist: a missing shard is an outcome of the job, not of the pattern.
/// A glob must match something. <c>**</c> matches any number of folders and does not enter linked ones. Names that begin with a dot match only a pattern that begins with one.
/// The result is sorted by name in UTF-8 byte order, and a file named twice is listed once, under its first name.
/// </remarks>
public static class ShardPatterns
{
    /// <summary>Default for the most files a document may name.</summary>
    public const int DefaultLimit = 1_000_000;

    /// <summary>Expands all patterns, or gives the first fault of each pattern.</summary>
    /// <param name="patterns">As in the document.</param>
    /// <param name="roots">Guard for every file.</param>
    /// <param name="field">Field of the document; faults say <c>field[i]</c>.</param>
    /// <param name="baseFolder">Folder for relative patterns; null is the current directory.</param>
    /// <param name="limit">Most files in all.</param>
    public static (IReadOnlyList<ShardFile> Files, IReadOnlyList<DataFault> Faults) Expand(
        IReadOnlyList<string> patterns,
        AllowedRoots roots,
        string field = "input.shards",
        string? baseFolder = null,
        int limit = DefaultLimit)
    {
        using var storage = new JobStorage(roots);
        return Expand(patterns, storage, field, baseFolder, limit);
    }

    /// <summary>As above, with objects too.</summary>
    /// <param name="patterns">As in the document.</param>
    /// <param name="storage">Guard for every file; lists buckets for globs.</param>
    /// <param name="field">Field of the document; faults say <c>field[i]</c>.</param>
    /// <param name="baseFolder">Folder for relative patterns; null is the current directory.</param>
    /// <param name="limit">Most files in all.</param>
    /// <exception cref="StorageException">A bucket could not be listed.</exception>
    /// <exception cref="StorageRefusedException">A bucket may not be listed.</exception>
    public static (IReadOnlyList<ShardFile> Files, IReadOnlyList<DataFault> Faults) Expand(
        IReadOnlyList<string> patterns,
        JobStorage storage,
        string field = "input.shards",
        string? baseFolder = null,
        int limit = DefaultLimit)
    {
        List<DataFault> faults = [];
        List<ShardFile> files = [];
        for (var i = 0; i < patterns.Count; i++)
        {
            if (ExpandOne(patterns[i], storage, $"{field}[{i}]", baseFolder, limit, files) is { } fault)
            {
                faults.Add(fault);
            }
        }

        if (patterns.Count == 0)
        {
            faults.Add(new DataFault("(none)", field, "No shards are named.", "Name at least one shard or pattern."));
        }

        if (faults.Count > 0)
        {
            return ([], faults);
        }

        files.Sort((a, b) => KeyOrder.Instance.Compare(a.Name, b.Name));
        HashSet<string> seen = new(StringComparer.Ordinal);
        return ([.. files.Where(f => seen.Add(f.Path))], []);
    }

    private static DataFault? ExpandOne(string pattern, JobStorage storage, string field, string? baseFolder, int limit, List<ShardFile> files)
    {
        var names = BraceExpansion.Expand(pattern, limit, out var problem);
        if (names is null)
        {
            return new DataFault(pattern, field, problem!, "Correct the braces, or list the files one by one.");
        }

        foreach (var name in names)
        {
            var isGlob = name.AsSpan().IndexOfAny('*', '?') >= 0;
            var fault = !isGlob ? Plain(name, storage, field, baseFolder, files)
                : S3Address.Is(name) ? S3Glob.Expand(name, storage, field, limit, files)
                : Glob(name, storage, field, baseFolder, limit, files);
            if (fault is null && files.Count > limit)
            {
                fault = new DataFault(pattern, field, $"The patterns match more than {limit:N0} files.", "Split the job, or raise the limit.");
            }

            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    private static DataFault? Plain(string name, JobStorage storage, string field, string? baseFolder, List<ShardFile> files)
    {
        var path = storage.Resolve(name, field, baseFolder);
        if (path.Ok)
        {
            files.Add(new ShardFile(name, path.Value));
        }

        return path.Fault;
    }

    private static DataFault? Glob(string name, JobStorage storage, string field, string? baseFolder, int limit, List<ShardFile> files)
    {
        var parts = name.Split('/');
        var fixedParts = parts.TakeWhile(p => p.AsSpan().IndexOfAny('*', '?') < 0).ToArray();
        var folder = string.Join('/', fixedParts);
        var start = storage.Resolve(folder.Length > 0 ? folder : name.StartsWith('/') ? "/" : ".", field, baseFolder);
        if (!start.Ok)
        {
            return start.Fault! with { Subject = name };
        }

        var before = files.Count;
        var prefix = fixedParts.Length == 0 ? "" : folder + "/";
        try
        {
            foreach (var relative in Walk(start.Value, parts[fixedParts.Length..], 0, ""))
            {
                if (Plain(prefix + relative, storage, field, baseFolder, files) is { } fault)
                {
                    return fault;
                }

                if (files.Count > limit)
                {
                    return null;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataFault(name, field, $"A folder cannot be listed ({e.Message}).", "Check its permissions.");
        }

        return files.Count > before ? null : new DataFault(name, field, "No file matches.", "Check the folder and the pattern; '**' matches any number of folders.");
    }

    private static IEnumerable<string> Walk(string folder, string[] parts, int index, string relative)
    {
        var part = parts[index];
        var last = index == parts.Length - 1;
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        if (part == "**")
        {
            foreach (var match in last ? Walk(folder, ["*"], 0, relative) : Walk(folder, parts, index + 1, relative))
            {
                yield return match;
            }

            // Linked folders may lead back up; a walk without them always ends.
            foreach (var child in Directory.EnumerateDirectories(folder).Where(c => new DirectoryInfo(c).LinkTarget is null))
            {
                var name = Path.GetFileName(child);
                if (!name.StartsWith('.'))
                {
                    foreach (var match in Walk(child, parts, index, relative + name + "/"))
                    {
                        yield return match;
                    }
                }
            }

            yield break;
        }

        foreach (var entry in last ? Directory.EnumerateFiles(folder) : Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(entry);
            if (FileSystemName.MatchesSimpleExpression(part, name, ignoreCase: false) && (part.StartsWith('.') || !name.StartsWith('.')))
            {
                if (last)
                {
                    yield return relative + name;
                    continue;
                }

                foreach (var match in Walk(entry, parts, index + 1, relative + name + "/"))
                {
                    yield return match;
                }
            }
        }
    }
}
