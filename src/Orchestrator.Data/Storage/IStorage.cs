namespace Orchestrator.Data.Storage;

/// <summary>Where a job's files are. Paths are what documents hold; every call judges its path first and returns refusals as values.</summary>
/// <remarks>
/// Safe to call from several threads. A write is visible wholly or not at all; two writers of one path leave one whole file.
/// Object stores satisfy this with a put instead of a rename.
/// </remarks>
public interface IStorage
{
    /// <summary>Opens for sequential reading; a missing file is a fault. The caller disposes the stream.</summary>
    Checked<Stream> OpenRead(string path, string field);

    /// <summary>True when a file is there; a refused path is a fault.</summary>
    Checked<bool> Exists(string path, string field);

    /// <summary>Expands shard patterns against this storage.</summary>
    (IReadOnlyList<ShardFile> Files, IReadOnlyList<DataFault> Faults) Expand(IReadOnlyList<string> patterns, string field);

    /// <summary>Writes a whole file; <paramref name="content"/> is called once with a forward stream.</summary>
    Checked<FileDigest> Write(string path, string field, Action<Stream> content);
}

/// <summary>Files on a local or mounted disk, inside <see cref="AllowedRoots"/>.</summary>
/// <param name="roots">Guard for every path.</param>
/// <param name="baseFolder">Folder for relative paths; null is the current directory.</param>
public sealed class LocalStorage(AllowedRoots roots, string? baseFolder = null) : IStorage
{
    /// <inheritdoc />
    public Checked<Stream> OpenRead(string path, string field) => Guarded<Stream>(path, field, full =>
        new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan));

    /// <inheritdoc />
    public Checked<bool> Exists(string path, string field) => Guarded<bool>(path, field, full => File.Exists(full));

    /// <inheritdoc />
    public (IReadOnlyList<ShardFile> Files, IReadOnlyList<DataFault> Faults) Expand(IReadOnlyList<string> patterns, string field) =>
        ShardPatterns.Expand(patterns, roots, field, baseFolder);

    /// <inheritdoc />
    public Checked<FileDigest> Write(string path, string field, Action<Stream> content) => Guarded<FileDigest>(path, field, full =>
    {
        using var file = AtomicFile.Create(full);
        content(file.Stream);
        return file.Commit();
    });

    private Checked<T> Guarded<T>(string path, string field, Func<string, Checked<T>> action)
    {
        var full = roots.Resolve(path, field, baseFolder);
        if (!full.Ok)
        {
            return full.Fault!;
        }

        try
        {
            return action(full.Value);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new DataFault(path, field, "There is no such file.", "Check the path and that its disk is mounted.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataFault(path, field, $"The file system refused ({e.Message}).", "Check permissions and free space.");
        }
    }
}
