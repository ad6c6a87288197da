namespace Orchestrator.Data.Storage;

/// <summary>
/// One kind of storage: files of a disk, or objects of a server. Paths are absolute and were judged by
/// <see cref="AllowedRoots"/> before. Whoever reads or writes through it need not know which kind it is.
/// </summary>
/// <remarks>
/// Safe to call from several threads; calls block. Trouble of the moment is an <see cref="IOException"/>, a refusal for good is a
/// <see cref="StorageRefusedException"/> or <see cref="UnauthorizedAccessException"/>.
/// </remarks>
public interface IStorage
{
    /// <summary>What is known of a file; null where there is none.</summary>
    StoredFile? Stat(string path);

    /// <summary>The same of many files, those that exist, by path. May be quicker than one at a time.</summary>
    IReadOnlyDictionary<string, StoredFile> StatAll(IReadOnlyCollection<string> paths);

    /// <summary>Every file below a folder, whose path begins with <paramref name="folder"/> and a <c>/</c>, in the order of paths in UTF-8.</summary>
    IEnumerable<StoredFile> List(string folder);

    /// <summary>Opens for reading; the stream can seek. The caller disposes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="version">Version that it must have, from <see cref="StoredFile.Version"/>; null takes the present one.</param>
    Stream OpenRead(string path, string? version = null);

    /// <summary>A file of this machine with the same content, for readers that jump about in it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pins">Keeps the copy until disposed of.</param>
    string Fetch(string path, SpoolPins pins);

    /// <summary>The output folder at <paramref name="path"/>, which need not exist.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="job">Id of the job that writes there, one path component: its attempts' places are below it.</param>
    IOutputFolder OpenOutput(string path, string job);
}

/// <summary>Files on a local or mounted disk.</summary>
public sealed class LocalStorage : IStorage
{
    /// <inheritdoc />
    public StoredFile? Stat(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new StoredFile(path, file.Length, null, file.LastWriteTimeUtc) : null;
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, StoredFile> StatAll(IReadOnlyCollection<string> paths) =>
        paths.Select(Stat).OfType<StoredFile>().DistinctBy(f => f.Path).ToDictionary(f => f.Path, StringComparer.Ordinal);

    /// <inheritdoc />
    public IEnumerable<StoredFile> List(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Stat).OfType<StoredFile>()
        : [];

    /// <inheritdoc />
    public Stream OpenRead(string path, string? version = null) =>
        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);

    /// <inheritdoc />
    public string Fetch(string path, SpoolPins pins) => path;

    /// <inheritdoc />
    public IOutputFolder OpenOutput(string path, string job) => new LocalOutputFolder(path, job);
}
