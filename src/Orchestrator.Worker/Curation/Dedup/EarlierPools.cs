using System.Globalization;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>Finds the score parts of earlier pools.</summary>
internal static class EarlierPools
{
    /// <summary>Parts of the folders, in order of folder, then of name.</summary>
    /// <param name="folders">Output folders of curation jobs, or their <c>scores</c> folders.</param>
    /// <param name="storage">Where they are.</param>
    /// <param name="pins">Keeps local copies of what lies in a bucket.</param>
    /// <param name="field">Field of the stage that names them.</param>
    /// <exception cref="InvalidDataException">A folder is refused or holds no score part.</exception>
    public static IReadOnlyList<DedupPart> Open(IReadOnlyList<string> folders, JobStorage storage, SpoolPins pins, string field)
    {
        var parts = new List<DedupPart>();
        foreach (var folder in folders)
        {
            var resolved = storage.Resolve(folder, $"stages[].{field}");
            var found = resolved.Ok ? ScoreFolder.Open(resolved.Value, $"stages[].{field}", storage) : resolved.Fault!;
            if (!found.Ok)
            {
                throw new InvalidDataException(found.Fault!.ToString());
            }

            parts.AddRange(found.Value.Parts.Select(path => new DedupPart(
                storage.Fetch(path, pins), signal => EmbeddingsOf(found.Value, path, signal, storage, pins), IsEarlier: true)));
        }

        return parts;
    }

    private static string? EmbeddingsOf(ScoreFolder folder, string part, string signal, JobStorage storage, SpoolPins pins)
    {
        var digits = Path.GetFileNameWithoutExtension(part)["part-".Length..];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && JobStorage.Combine(folder.Output, OutputNames.Embeddings(signal, index)) is var path && storage.Stat(path) is not null
            ? storage.Fetch(path, pins)
            : null;
    }
}
