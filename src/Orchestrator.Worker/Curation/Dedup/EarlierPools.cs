using System.Globalization;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>Finds the score parts of earlier pools.</summary>
internal static class EarlierPools
{
    /// <summary>Parts of the folders, in order of folder, then of name.</summary>
    /// <param name="folders">Output folders of curation jobs, or their <c>scores</c> folders.</param>
    /// <param name="workspace">The job's workspace; keeps local copies.</param>
    /// <param name="field">Field of the stage that names them.</param>
    /// <exception cref="InvalidDataException">A folder is refused or holds no score part.</exception>
    public static IReadOnlyList<DedupPart> Open(IReadOnlyList<string> folders, CurationWorkspace workspace, string field)
    {
        var parts = new List<DedupPart>();
        foreach (var folder in folders)
        {
            var resolved = workspace.Storage.Resolve(folder, $"stages[].{field}");
            var found = resolved.Ok ? ScoreFolder.Open(resolved.Value, $"stages[].{field}", workspace.Storage) : resolved.Fault!;
            if (!found.Ok)
            {
                throw new InvalidDataException(found.Fault!.ToString());
            }

            parts.AddRange(found.Value.Parts.Select(path => new DedupPart(
                workspace.Storage.Fetch(path, workspace.Pins), signal => EmbeddingsOf(found.Value, path, signal, workspace), IsEarlier: true)));
        }

        return parts;
    }

    private static string? EmbeddingsOf(ScoreFolder folder, string part, string signal, CurationWorkspace workspace)
    {
        var digits = Path.GetFileNameWithoutExtension(part)["part-".Length..];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && JobStorage.Combine(folder.Output, OutputNames.Embeddings(signal, index)) is var path && workspace.Storage.Stat(path) is not null
            ? workspace.Storage.Fetch(path, workspace.Pins)
            : null;
    }
}
