namespace Orchestrator.Data.Storage.S3;

/// <summary>Objects of the configured server.</summary>
/// <param name="server">The server.</param>
/// <param name="spool">Local copies and scratch space.</param>
public sealed class S3Storage(S3Server server, Spool spool) : IStorage
{
    // One page of a listing costs as much as this many questions.
    private const int FewQuestions = 16;

    /// <inheritdoc />
    public StoredFile? Stat(string path) => S3Address.Parse(path) is { Key.Length: > 0 } address ? server.Stat(address) : null;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, StoredFile> StatAll(IReadOnlyCollection<string> paths)
    {
        var found = new Dictionary<string, StoredFile>(StringComparer.Ordinal);
        foreach (var group in paths.Distinct(StringComparer.Ordinal).Select(S3Address.Parse).GroupBy(a => (a.Bucket, Folder: a.Key[..(a.Key.LastIndexOf('/') + 1)])))
        {
            var wanted = group.Select(a => a.ToString()).ToHashSet(StringComparer.Ordinal);
            var files = wanted.Count < FewQuestions
                ? wanted.Select(Stat).OfType<StoredFile>()
                : server.List(group.Key.Bucket, CommonStart([.. group.Select(a => a.Key)])).Where(f => wanted.Contains(f.Path));
            foreach (var file in files)
            {
                found[file.Path] = file;
            }
        }

        return found;
    }

    /// <inheritdoc />
    public IEnumerable<StoredFile> List(string folder)
    {
        var address = S3Address.Parse(folder);
        return server.List(address.Bucket, address.Prefix);
    }

    /// <summary>Objects of a bucket whose keys begin with <paramref name="start"/>; names that no address can hold are passed over.</summary>
    internal IEnumerable<StoredFile> ListFrom(string bucket, string start) =>
        server.List(bucket, start).Where(f => S3Address.TryParse(f.Path, out _) is { } address && address.ToString() == f.Path);

    /// <inheritdoc />
    public Stream OpenRead(string path, string? version = null) => server.OpenRead(S3Address.Parse(path), version);

    /// <inheritdoc />
    public string Fetch(string path, SpoolPins pins)
    {
        var address = S3Address.Parse(path);
        var version = (server.Stat(address) ?? throw new StorageRefusedException($"{path}: there is no such object at {server.Endpoint}; check the path.")).Version;
        return spool.Fetch($"{path}#{version}", to => Download(server, address, version, to), pins);
    }

    /// <inheritdoc />
    public IOutputFolder OpenOutput(string path, string job) => new S3OutputFolder(server, S3Address.Parse(path), spool, job);

    internal static FileDigest Download(S3Server server, S3Address address, string? version, string to)
    {
        using var source = server.OpenRead(address, version);
        using var file = AtomicFile.Create(to);
        source.CopyTo(file.Stream, 1 << 20);
        return file.Commit();
    }

    private static string CommonStart(IReadOnlyList<string> keys)
    {
        var (low, high) = (keys.Min(StringComparer.Ordinal)!, keys.Max(StringComparer.Ordinal)!);
        return low[..low.AsSpan().CommonPrefixLength(high)];
    }
}
