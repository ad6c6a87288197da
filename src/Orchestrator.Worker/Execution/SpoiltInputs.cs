using System.Text.Json;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Execution;

/// <summary>
/// What to do where a committed file is not what was committed: name its shard, so that it runs again. Where one file is gone
/// others are too (a folder that was removed), so all that is committed is looked for, by name and length; else shards would
/// come back one after the other, each with all that follows from it.
/// </summary>
internal static class SpoiltInputs
{
    /// <summary>The failure of an attempt that met a spoilt file.</summary>
    /// <param name="met">What it met.</param>
    /// <param name="work">The attempt.</param>
    /// <param name="folder">The job's folder.</param>
    /// <param name="phases">Phases whose files it may read, in order.</param>
    /// <param name="cancellationToken">Observed between shards.</param>
    public static async Task<ShardFailure> FailureOfAsync(
        SpoiltFileException met, ShardWork work, JobFolder folder, IReadOnlyList<string> phases, CancellationToken cancellationToken)
    {
        List<SpoiltOutput> spoilt = [];
        if (JobFolder.OwnerOf(met.Relative, met.Message) is { } owner)
        {
            spoilt.Add(owner);
        }

        foreach (var phase in phases)
        {
            await foreach (var committed in work.Committed.ReadAsync(phase, cancellationToken))
            {
                if (Missing(folder, FilesOf(committed.Manifest)) is { } file && !spoilt.Exists(s => s.Phase == phase && s.Index == committed.Index))
                {
                    spoilt.Add(new SpoiltOutput(phase, committed.Index, committed.Attempt, SpoiltFileException.Gone(folder.Output, file.Path).Message));
                }
            }
        }

        // A file that has its final name already is known by its source; the next attempt asks for that one.
        return new ShardFailure(FailureKind.Transient, $"{met.Message}.", met.ToString(), spoilt.Count == 0 ? null : spoilt);
    }

    /// <summary>Every file that a manifest speaks of, whatever kind of manifest it is.</summary>
    internal static IReadOnlyList<AttemptFile> FilesOf(string manifest)
    {
        using var json = JsonDocument.Parse(manifest);
        List<AttemptFile> files = [];
        Visit(json.RootElement);
        return files;

        void Visit(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    if (element.TryGetProperty("path", out var path) && path.ValueKind == JsonValueKind.String
                        && element.TryGetProperty("sha256", out var sha) && sha.ValueKind == JsonValueKind.String
                        && element.TryGetProperty("bytes", out var bytes) && bytes.TryGetInt64(out var length))
                    {
                        var name = element.TryGetProperty("name", out var named) ? named.GetString() : null;
                        files.Add(new AttemptFile(name ?? "", path.GetString()!, length, sha.GetString()!));
                    }

                    foreach (var property in element.EnumerateObject())
                    {
                        Visit(property.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (var item in element.EnumerateArray())
                    {
                        Visit(item);
                    }

                    break;
            }
        }
    }

    private static AttemptFile? Missing(JobFolder folder, IReadOnlyList<AttemptFile> files) => files.FirstOrDefault(
        file => JobFolder.OwnerOf(file.Path, "") is not null && !folder.Files.Has(file.Path, file.Name, new FileDigest(file.Bytes, file.Sha256)));
}
