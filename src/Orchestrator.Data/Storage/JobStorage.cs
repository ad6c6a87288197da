using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Data.Storage;

/// <summary>Everything jobs may touch: the guard, and the storage that a path belongs to. Safe for concurrent use.</summary>
public sealed class JobStorage : IDisposable
{
    private readonly LocalStorage _local = new();
    private readonly S3Server? _server;
    private readonly Lazy<Spool> _spool;
    private readonly S3Storage? _objects;

    /// <param name="roots">What may be touched.</param>
    /// <param name="s3">The S3-compatible server; null or off where there is none.</param>
    /// <param name="time">Clock; null is the system's.</param>
    public JobStorage(AllowedRoots roots, S3Options? s3 = null, TimeProvider? time = null)
    {
        Roots = roots;
        var options = s3 ?? new S3Options();
        _spool = new(() => new Spool(options.Spool ?? Path.Combine(Path.GetTempPath(), "orchestrator-spool"), options.SpoolBytes));
        if (options.IsOn)
        {
            _server = new S3Server(options, time ?? TimeProvider.System);
            _objects = new S3Storage(_server, _spool.Value);
        }
    }

    private JobStorage(AllowedRoots roots, JobStorage of) => (Roots, _spool, _objects) = (roots, of._spool, of._objects);

    /// <summary>The same storage with other roots; it lives as long as this one and is not disposed of.</summary>
    public JobStorage Narrow(AllowedRoots roots) => new(roots, this);

    /// <summary>The guard, for what must be a file of this machine.</summary>
    public AllowedRoots Roots { get; }

    /// <summary>The absolute path or address to use, or why it is refused. Nothing is touched but links of the disk.</summary>
    /// <param name="path">As in the document.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    /// <param name="baseFolder">Folder or prefix for relative paths; null is the current directory.</param>
    public Checked<string> Resolve(string path, string field, string? baseFolder = null)
    {
        var resolved = Roots.ResolveAny(path, field, baseFolder);
        return resolved.Ok && S3Address.Is(resolved.Value) && _objects is null
            ? new DataFault(path, field, "No S3-compatible server is configured.", $"Set {S3Options.Section}:Endpoint (or Region for Amazon's own) on every process.")
            : resolved;
    }

    /// <summary>The storage of a resolved path.</summary>
    public IStorage Of(string path) => !S3Address.Is(path) ? _local
        : _objects ?? throw new StorageRefusedException($"{path}: no S3-compatible server is configured; set {S3Options.Section}:Endpoint on every process.");

    /// <summary>A path below a folder, of either kind.</summary>
    public static string Combine(string folder, string name) => S3Address.Is(folder) ? S3Address.Parse(folder).Child(name).ToString() : Path.Combine(folder, name);

    /// <inheritdoc cref="IStorage.Stat" />
    public StoredFile? Stat(string path) => Of(path).Stat(path);

    /// <inheritdoc cref="IStorage.OpenRead" />
    public Stream OpenRead(string path, string? version = null) => Of(path).OpenRead(path, version);

    /// <inheritdoc cref="IStorage.Fetch" />
    public string Fetch(string path, SpoolPins pins) => Of(path).Fetch(path, pins);

    /// <summary>A small file whole; null where there is none.</summary>
    public byte[]? ReadAll(string path)
    {
        if (Stat(path) is not { } file)
        {
            return null;
        }

        using var stream = OpenRead(path, file.Version);
        using var bytes = new MemoryStream(checked((int)file.Bytes));
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>A file of this machine that is made once from stored files and kept while there is room, such as an index.</summary>
    /// <param name="key">Names its content: what it is made of, with versions.</param>
    /// <param name="make">Writes it to the path that it is given, or throws.</param>
    /// <param name="pins">Keeps it.</param>
    public string Derive(string key, Action<string> make, SpoolPins pins) => _spool.Value.Fetch(key, make, pins);

    /// <inheritdoc />
    public void Dispose()
    {
        if (_spool.IsValueCreated)
        {
            _spool.Value.Dispose();
        }

        _server?.Dispose();
    }
}
