namespace Orchestrator.Data.Scores;

/// <summary>The score parts that a curation job left in its output folder.</summary>
public sealed class ScoreFolder
{
    private ScoreFolder(string output, IReadOnlyList<string> parts) => (Output, Parts) = (output, parts);

    /// <summary>The output folder: the one above the parts.</summary>
    public string Output { get; }

    /// <summary>Absolute paths of the parts, in the order of their numbers.</summary>
    public IReadOnlyList<string> Parts { get; }

    /// <summary>Opens an output folder or its <c>scores</c> folder; a folder without parts is a fault.</summary>
    /// <param name="path">Absolute path, already guarded.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    public static Checked<ScoreFolder> Open(string path, string field)
    {
        try
        {
            var folder = Directory.Exists(Path.Combine(path, "scores")) ? Path.Combine(path, "scores") : path;
            string[] parts = Directory.Exists(folder) ? Directory.GetFiles(folder, "part-*.parquet") : [];
            Array.Sort(parts, (x, y) => x.Length != y.Length ? x.Length.CompareTo(y.Length) : string.CompareOrdinal(x, y));
            return parts.Length > 0
                ? new ScoreFolder(Path.GetDirectoryName(folder)!, parts)
                : new DataFault(path, field, "The folder holds no score parts (scores/part-*.parquet).", "Give the output folder of a finished curation job.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataFault(path, field, $"The folder cannot be read ({e.Message}).", "Check its permissions.");
        }
    }
}
