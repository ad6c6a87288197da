using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Data.Scores;

/// <summary>
/// The score parts that a curation job left in its output folder: those that its manifest lists. A <c>scores</c> folder that was copied without the
/// manifest counts with all that it holds; a folder that is being published does not count.
/// </summary>
public sealed class ScoreFolder
{
    private const string Scores = "scores";

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
            var folder = Directory.Exists(Path.Combine(path, Scores)) ? Path.Combine(path, Scores) : path;
            string[] parts = Directory.Exists(folder) ? Directory.GetFiles(folder, "part-*.parquet") : [];
            if (parts.Length > 0 && Path.GetFileName(folder) == Scores)
            {
                var output = Path.GetDirectoryName(folder)!;
                var manifest = Path.Combine(output, OutputManifest.FileName);
                return Published(output, parts, File.Exists(manifest) ? File.ReadAllBytes(manifest) : null, Directory.Exists(Path.Combine(output, OutputLayout.Work)), field);
            }

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
            var folder = S3Address.Parse(path) is { } given && (given.Key == Scores || given.Key.EndsWith("/" + Scores, StringComparison.Ordinal))
                ? given
                : given.Child(Scores);
            string[] parts = [.. storage.Of(path).List(folder.ToString()).Select(f => f.Path).Where(IsPart)];
            var output = folder with { Key = folder.Key[..^Scores.Length].TrimEnd('/') };
            return parts.Length > 0
                ? Published(
                    output.ToString(), parts, storage.ReadAll(output.Child(OutputManifest.FileName).ToString()), storage.Of(path).List(output.Child(OutputLayout.Work).ToString()).Any(), field)
                : new DataFault(path, field, "The prefix holds no score parts (scores/part-*.parquet).", "Give the output of a finished curation job.");
        }
        catch (Exception e) when (e is StorageException or StorageRefusedException)
        {
            return new DataFault(path, field, "The prefix cannot be listed.", e.Message);
        }
    }

    private static Checked<ScoreFolder> Published(string output, string[] parts, byte[]? manifest, bool isAtWork, string field)
    {
        if (manifest is null && isAtWork)
        {
            return new DataFault(
                output, field, $"The job that writes this output has not finished: there is no {OutputManifest.FileName} yet.", "Wait until it has succeeded, or run it again.");
        }

        if (manifest is not null)
        {
            var read = OutputManifest.Read(manifest, JobStorage.Combine(output, OutputManifest.FileName));
            if (!read.Ok)
            {
                return read.Fault!;
            }

            var listed = read.Value.Files.Keys.Where(f => f.StartsWith(Scores + "/", StringComparison.Ordinal)).Select(f => JobStorage.Combine(output, f)).Where(IsPart).ToHashSet(StringComparer.Ordinal);
            if (listed.Except(parts, StringComparer.Ordinal).Order(StringComparer.Ordinal).FirstOrDefault() is { } gone)
            {
                return new DataFault(gone, field, $"The part is gone that {OutputManifest.FileName} lists.", "Copy the whole output folder, or run its job again.");
            }

            // What else lies there is of another run.
            parts = [.. parts.Where(listed.Contains)];
        }

        Array.Sort(parts, ByNumber);
        return parts.Length > 0
            ? new ScoreFolder(output, parts)
            : new DataFault(output, field, $"{OutputManifest.FileName} lists no score parts.", "Give the output folder of a finished curation job.");
    }

    private static bool IsPart(string path) =>
        path[(path.LastIndexOf('/') + 1)..] is var name && name.StartsWith("part-", StringComparison.Ordinal) && name.EndsWith(".parquet", StringComparison.Ordinal);

    private static int ByNumber(string x, string y) => x.Length != y.Length ? x.Length.CompareTo(y.Length) : string.CompareOrdinal(x, y);
}
