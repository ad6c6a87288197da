using Orchestrator.Data;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Api.Submission;

/// <summary>Looks at what a curation document takes from other programs: subset files, tables beside img2dataset's tars, tables of published scores.</summary>
internal static class PublishedDataCheck
{
    private const int MaxShown = 5;

    /// <summary>Absolute path of the subset file, or null with an error noted. Only its header is read; a worker sees whether it is sorted.</summary>
    public static string? Subset(WrittenField field, StoragePaths paths, List<DocumentError> errors) => Guarded(field, errors, null, () =>
    {
        var resolved = paths.Storage.Resolve(field.Text, field.Path, paths.BaseDirectory);
        if (!resolved.Ok)
        {
            errors.Add(InputCheck.ToError(field.Path, resolved.Fault!));
            return null;
        }

        if (paths.Storage.Stat(resolved.Value) is not { } file)
        {
            errors.Add(new(field.Path, field.Text, $"the file does not exist; relative paths start at '{paths.BaseDirectory}'"));
            return null;
        }

        using var stream = paths.Storage.OpenRead(file.Path, file.Version);
        if (SampleIdsNpy.ReadCount(stream, field.Text).Fault is { } fault)
        {
            errors.Add(InputCheck.ToError(field.Path, fault));
            return null;
        }

        return resolved.Value;
    });

    /// <summary>Notes tars without the files that img2dataset writes beside them.</summary>
    public static void DownloadTables(CheckedInput input, StoragePaths paths, List<DocumentError> errors) => Guarded(new("$.input.format", "img2dataset"), errors, true, () =>
    {
        string[] wanted = [.. input.Shards.SelectMany(s => (string[])[DownloadTable.TableOf(s.Path), DownloadTable.StatsOf(s.Path)])];
        var missing = wanted.GroupBy(paths.Storage.Of).SelectMany(kind => kind.Key.StatAll([.. kind]) is var found ? kind.Where(p => !found.ContainsKey(p)) : []).ToList();
        if (missing.Count > 0)
        {
            errors.Add(new(
                "$.input.format", string.Join(", ", missing.Take(MaxShown)),
                $"{missing.Count} of the files that img2dataset writes beside its tars do not exist: it did not finish these shards; run it again, or give format: webdataset"));
        }

        return true;
    });

    /// <summary>Absolute paths of the tables of published scores; the columns of the first are looked at, a worker looks at all.</summary>
    public static IReadOnlyList<string> Tables(IReadOnlyList<WrittenField> fields, ColumnsOptions? options, StoragePaths paths, List<DocumentError> errors)
    {
        var files = new List<string>();
        foreach (var field in fields)
        {
            files.AddRange(Guarded<IReadOnlyList<string>>(field, errors, [], () =>
            {
                var (found, faults) = ShardPatterns.Expand([field.Text], paths.Storage, field.Path, paths.BaseDirectory);
                errors.AddRange(faults.Select(f => InputCheck.ToError(field.Path, f)));
                if (found.FirstOrDefault(f => f.Found is null && paths.Storage.Stat(f.Path) is null) is { } missing)
                {
                    errors.Add(new(field.Path, missing.Name, $"the file does not exist; relative paths start at '{paths.BaseDirectory}'"));
                    return [];
                }

                if (files.Count == 0 && found.Count > 0 && options is not null)
                {
                    using var pins = new SpoolPins();
                    var opened = ParquetTable.Open(
                        paths.Storage.Fetch(found[0].Path, pins), found[0].Name, field.Path, [options.KeyColumn], [.. options.Scores.Select(s => s.Column)]);
                    if (opened.Ok)
                    {
                        opened.Value.Dispose();
                    }
                    else
                    {
                        errors.Add(InputCheck.ToError(field.Path, opened.Fault!));
                    }
                }

                return [.. found.Select(f => f.Path)];
            }));
        }

        return files;
    }

    private static T Guarded<T>(WrittenField field, List<DocumentError> errors, T otherwise, Func<T> look)
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException or IOException or UnauthorizedAccessException)
        {
            errors.Add(new(field.Path, field.Text, e.Message));
            return otherwise;
        }
    }
}
