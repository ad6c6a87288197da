using Orchestrator.Api.Submission;
using Orchestrator.Data.Storage;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>A file of an output folder. <paramref name="Path"/> is relative, with <c>/</c>.</summary>
public sealed record ArtifactView(string Path, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>Where a requested file is, or why it is not given.</summary>
public sealed record FoundArtifact(string? Path, string? Problem);

/// <summary>
/// The files that a job has published. Only below its output folder, only while that folder is inside the allowed roots, and
/// never through a link that leads out. Names that begin with a dot are work in progress and not shown.
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
    public IReadOnlyList<ArtifactView> List(JobRecord job)
    {
        if (RootOf(job) is not { } root || !Directory.Exists(root))
        {
            return [];
        }

        return
        [
            .. new DirectoryInfo(root).EnumerateFiles("*", Walk)
                .Select(f => new ArtifactView(Path.GetRelativePath(root, f.FullName).Replace(Path.DirectorySeparatorChar, '/'), f.Length, f.LastWriteTimeUtc))
                .Where(a => !IsHidden(a.Path))
                .OrderBy(a => a.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>The absolute path of a published file.</summary>
    public FoundArtifact Find(JobRecord job, string path)
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

        // The folder itself is the only root here: a link to a place that jobs may read is still not this job's output.
        var found = new AllowedRoots([root]).Resolve(path, "path", root);
        return !found.Ok || !File.Exists(found.Value) ? new(null, "the output has no such file.") : new(found.Value, null);
    }

    private static bool IsHidden(string path) => path.Split('/').Any(part => part.StartsWith('.'));

    private string? RootOf(JobRecord job) =>
        job.OutputKey is { } output && paths.For(job.Tenant).Roots.Resolve(output, "output.path") is { Ok: true } root ? root.Value : null;
}
