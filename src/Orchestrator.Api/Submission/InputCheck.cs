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

    public static CheckedInput Run(IReadOnlyList<WrittenField> patterns, StoragePaths paths, int maxShards, List<DocumentError> errors)
    {
        var shards = new List<ShardFile>();
        var firstPattern = new Dictionary<string, string>(StringComparer.Ordinal);
        long bytes = 0;
        foreach (var pattern in patterns)
        {
            // One pattern at a time: shards keep the document's order, and a file named by two patterns is seen.
            var (files, faults) = ShardPatterns.Expand([pattern.Text], paths.Roots, "input.shards", paths.BaseDirectory, maxShards);
            errors.AddRange(faults.Select(f => ToError(pattern.Path, f)));
            var missing = new List<string>();
            foreach (var file in files)
            {
                var info = new FileInfo(file.Path);
                if (!info.Exists)
                {
                    missing.Add(file.Name);
                }
                else if (firstPattern.TryAdd(file.Path, pattern.Path))
                {
                    shards.Add(file);
                    bytes += info.Length;
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

    public static DocumentError ToError(string path, DataFault fault) => new(path, fault.Subject, $"{fault.Problem} {fault.Remedy}");

    private static string MissingMessage(int missing, int of, string baseDirectory) => of == 1
        ? $"the file does not exist; relative paths start at '{baseDirectory}'"
        : $"{missing} of the {of} files of this pattern do not exist; relative paths start at '{baseDirectory}'";
}
