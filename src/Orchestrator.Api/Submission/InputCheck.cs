using Orchestrator.Data;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>What <c>input.shards</c> names.</summary>
internal sealed record CheckedInput(IReadOnlyList<ShardFile> Shards, long Bytes);

/// <summary>Expands <c>input.shards</c> and looks for every file that it names. Guards come before the disk.</summary>
internal static class InputCheck
{
    // A brace range over a missing folder would list every file of it; the first ones tell the story.
    private const int MaxMissingShown = 5;

    /// <summary>Expands and looks.</summary>
    /// <param name="patterns">As written.</param>
    /// <param name="paths">Folders of this server.</param>
    /// <param name="maxShards">Most shards of a job.</param>
    /// <param name="errors">Receives mistakes.</param>
    /// <param name="takesFolders">True where a pattern that ends with <c>/</c> means the tars of that folder, as img2dataset leaves them.</param>
    public static CheckedInput Run(IReadOnlyList<WrittenField> patterns, StoragePaths paths, int maxShards, List<DocumentError> errors, bool takesFolders = false)
    {
        var shards = new List<ShardFile>();
        var firstPattern = new Dictionary<string, string>(StringComparer.Ordinal);
        long bytes = 0;
        foreach (var pattern in patterns)
        {
            // One pattern at a time: shards keep the document's order, and a file named by two patterns is seen.
            var (files, found) = Look(takesFolders && pattern.Text.EndsWith('/') ? pattern with { Text = pattern.Text + "*.tar" } : pattern, paths, maxShards, errors);
            var missing = new List<string>();
            foreach (var file in files)
            {
                if (!found.TryGetValue(file.Path, out var stored))
                {
                    missing.Add(file.Name);
                }
                else if (firstPattern.TryAdd(file.Path, pattern.Path))
                {
                    shards.Add(file with { Found = stored });
                    bytes += stored.Bytes;
                }
                else
                {
                    errors.Add(new(pattern.Path, file.Name, $"names a file that {firstPattern[file.Path]} names already: its samples would count twice; name each file once"));
                }
            }

            if (missing.Count > 0)
            {
                errors.Add(new(pattern.Path, string.Join(", ", missing.Take(MaxMissingShown)), MissingMessage(missing.Count, files.Count, paths.BaseDirectory)));
            }
        }

        if (shards.Count > maxShards)
        {
            errors.Add(new("$.input.shards", null, $"names {shards.Count} files; one job may have {maxShards} (Limits:MaxShards). Split the job."));
        }

        return new(shards, bytes);
    }

    private static (IReadOnlyList<ShardFile> Files, IReadOnlyDictionary<string, StoredFile> Found) Look(
        WrittenField pattern, StoragePaths paths, int maxShards, List<DocumentError> errors)
    {
        try
        {
            var (files, faults) = ShardPatterns.Expand([pattern.Text], paths.Storage, "input.shards", paths.BaseDirectory, maxShards);
            errors.AddRange(faults.Select(f => ToError(pattern.Path, f)));
            var found = files.Where(f => f.Found is not null).ToDictionary(f => f.Path, f => f.Found!, StringComparer.Ordinal);
            foreach (var kind in files.Where(f => f.Found is null).GroupBy(f => paths.Storage.Of(f.Path)))
            {
                foreach (var (path, stored) in kind.Key.StatAll([.. kind.Select(f => f.Path)]))
                {
                    found[path] = stored;
                }
            }

            return (files, found);
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException)
        {
            errors.Add(new(pattern.Path, pattern.Text, e.Message));
            return ([], new Dictionary<string, StoredFile>());
        }
    }

    public static DocumentError ToError(string path, DataFault fault) => new(path, fault.Subject, $"{fault.Problem} {fault.Remedy}");

    private static string MissingMessage(int missing, int of, string baseDirectory) => of == 1
        ? $"the file does not exist; relative paths start at '{baseDirectory}'"
        : $"{missing} of the {of} files of this pattern do not exist; relative paths start at '{baseDirectory}'";
}
