using Orchestrator.Api.Submission;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>A file of an output folder. <paramref name="Path"/> is relative, with <c>/</c>.</summary>
public sealed record ArtifactView(string Path, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>A requested file, or why it is not given.</summary>
/// <param name="File">The file; null where it is not given.</param>
/// <param name="Problem">Why.</param>
public sealed record FoundArtifact(StoredFile? File, string? Problem);

/// <summary>
/// The files that a job has published. Only below its output folder, only while that folder is inside the allowed roots, and
/// never through a link that leads out. Names that begin with a dot are work in progress and not shown; of an output in a
/// bucket only what its manifest names is.
/// </summary>
public sealed class ArtifactFolder(StoragePaths paths)
{
    /// <summary>Path of the report in every output folder.</summary>
    public const string ReportPath = "report/index.html";

    private static readonly EnumerationOptions Walk = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    /// <summary>The files, by path; empty where there is no output yet.</summary>
    public Task<IReadOnlyList<ArtifactView>> ListAsync(JobRecord job) => RootOf(job) switch
    {
        null => Task.FromResult<IReadOnlyList<ArtifactView>>([]),
        { } root when S3Address.Is(root) => StoragePaths.RunAsync(() => ListObjects(root)),
        { } root => Task.FromResult(ListFiles(root)),
    };

    /// <summary>A published file.</summary>
    public async Task<FoundArtifact> FindAsync(JobRecord job, string path)
    {
        if (RootOf(job) is not { } root)
        {
            return new(null, "the job has no output folder inside Storage:AllowedRoots.");
        }

        if (SafeRelativePath.ProblemOf(path) is { } problem)
        {
            return new(null, $"the path {problem}.");
        }

        if (IsHidden(path))
        {
            return new(null, "names that begin with a dot are not published.");
        }

        var file = S3Address.Is(root) ? await StoragePaths.RunAsync(() => FindObject(root, path)) : FindFile(root, path);
        return file is null ? new(null, "the output has no such file.") : new(file, null);
    }

    /// <summary>Opens a file that was found; the stream can seek.</summary>
    public Task<Stream> OpenAsync(StoredFile file) => StoragePaths.RunAsync(() => paths.Storage.OpenRead(file.Path, file.Version));

    private static IReadOnlyList<ArtifactView> ListFiles(string root) => !Directory.Exists(root) ? [] :
    [
        .. new DirectoryInfo(root).EnumerateFiles("*", Walk)
            .Select(f => new ArtifactView(Path.GetRelativePath(root, f.FullName).Replace(Path.DirectorySeparatorChar, '/'), f.Length, f.LastWriteTimeUtc))
            .Where(a => !IsHidden(a.Path))
            .OrderBy(a => a.Path, StringComparer.Ordinal),
    ];

    private static StoredFile? FindFile(string root, string path)
    {
        // The folder itself is the only root here: a link to a place that jobs may read is still not this job's output.
        var found = new AllowedRoots([root]).Resolve(path, "path", root);
        return found.Ok && new FileInfo(found.Value) is { Exists: true } file ? new StoredFile(file.FullName, file.Length, null, file.LastWriteTimeUtc) : null;
    }

    private IReadOnlyList<ArtifactView> ListObjects(string root)
    {
        var (manifest, names) = Published(root);
        return manifest is null ? [] :
        [
            .. names.Select(f => new ArtifactView(f.Key, f.Value.Bytes, manifest.ModifiedAt))
                .Append(new ArtifactView(OutputManifest.FileName, manifest.Bytes, manifest.ModifiedAt))
                .OrderBy(a => a.Path, StringComparer.Ordinal),
        ];
    }

    private StoredFile? FindObject(string root, string path)
    {
        var (manifest, names) = Published(root);
        return path == OutputManifest.FileName ? manifest : names.ContainsKey(path) ? paths.Storage.Stat(JobStorage.Combine(root, path)) : null;
    }

    private (StoredFile? Manifest, IReadOnlyDictionary<string, FileDigest> Names) Published(string root)
    {
        var address = JobStorage.Combine(root, OutputManifest.FileName);
        return paths.Storage.Stat(address) is { } file && paths.Storage.ReadAll(address) is { } bytes && OutputManifest.Read(bytes, address) is { Ok: true } read
            ? (file, read.Value.Files)
            : (null, new Dictionary<string, FileDigest>());
    }

    private static bool IsHidden(string path) => path.Split('/').Any(part => part.StartsWith('.'));

    private string? RootOf(JobRecord job) =>
        job.OutputKey is { } output && paths.For(job.Tenant).Storage.Resolve(output, "output.path") is { Ok: true } root ? root.Value : null;
}
