using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Data.Scores;

/// <summary>The score parts that a curation job left in its output folder.</summary>
public sealed class ScoreFolder
{
    private ScoreFolder(string output, IReadOnlyList<string> parts) => (Output, Parts) = (output, parts);

    /// <summary>The output folder: the one above the parts.</summary>
    public string Output { get; }

    /// <summary>Absolute paths or addresses of the parts, in the order of their numbers.</summary>
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
            Array.Sort(parts, ByNumber);
            return parts.Length > 0
                ? new ScoreFolder(Path.GetDirectoryName(folder)!, parts)
                : new DataFault(path, field, "The folder holds no score parts (scores/part-*.parquet).", "Give the output folder of a finished curation job.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataFault(path, field, $"The folder cannot be read ({e.Message}).", "Check its permissions.");
        }
    }

    /// <summary>As above, on a disk or in a bucket.</summary>
    /// <param name="path">Absolute path or address, already guarded.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    /// <param name="storage">Lists the bucket.</param>
    public static Checked<ScoreFolder> Open(string path, string field, JobStorage storage)
    {
        if (!S3Address.Is(path))
        {
            return Open(path, field);
        }

        try
        {
            var folder = S3Address.Parse(path) is { } given && (given.Key == "scores" || given.Key.EndsWith("/scores", StringComparison.Ordinal))
                ? given
                : given.Child("scores");
            string[] parts = [.. storage.Of(path).List(folder.ToString()).Select(f => f.Path).Where(IsPart)];
            Array.Sort(parts, ByNumber);
            return parts.Length > 0
                ? new ScoreFolder((folder with { Key = folder.Key[..^"scores".Length].TrimEnd('/') }).ToString(), parts)
                : new DataFault(path, field, "The prefix holds no score parts (scores/part-*.parquet).", "Give the output of a finished curation job.");
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException)
        {
            return new DataFault(path, field, "The prefix cannot be listed.", e.Message);
        }
    }

    private static bool IsPart(string path) =>
        path[(path.LastIndexOf('/') + 1)..] is var name && name.StartsWith("part-", StringComparison.Ordinal) && name.EndsWith(".parquet", StringComparison.Ordinal);

    private static int ByNumber(string x, string y) => x.Length != y.Length ? x.Length.CompareTo(y.Length) : string.CompareOrdinal(x, y);
}
