using System.Globalization;

namespace Orchestrator.Data.Storage;

/// <summary>
/// The private place of one attempt at one shard: <c>{work}/{phase}/{index:D6}/attempt-{attempt}</c>, where the work folder is the
/// job's own (<see cref="OutputLayout.WorkOf"/>).
/// </summary>
/// <remarks>
/// Two attempts never share a folder, so a worker that lost its lease cannot spoil the output of the one that has it; nor do two jobs.
/// What is in the folder counts only once the attempt is committed elsewhere; until then it may be discarded.
/// </remarks>
public sealed class AttemptFolder
{
    private AttemptFolder(string path) => Path = path;

    /// <summary>Absolute path; the folder exists and was empty when created.</summary>
    public string Path { get; }

    /// <summary>Makes the folder, emptying what an earlier process of the same attempt may have left.</summary>
    /// <param name="workRoot">The job's work folder; already guarded by <see cref="AllowedRoots"/>.</param>
    /// <param name="phase">Phase name, one path component, e.g. <c>score</c>.</param>
    /// <param name="index">Shard index in its phase, from 0.</param>
    /// <param name="attempt">Attempt number (the fencing token), from 1.</param>
    public static AttemptFolder Create(string workRoot, string phase, int index, int attempt)
    {
        var path = PathOf(workRoot, phase, index, attempt);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
        return new AttemptFolder(path);
    }

    /// <summary>Where an attempt's folder is, without touching the disk: readers of committed output use it.</summary>
    public static string PathOf(string workRoot, string phase, int index, int attempt)
    {
        if (SafeRelativePath.ProblemOf(phase) is not null || phase.Contains('/') || phase == ".")
        {
            throw new ArgumentException($"'{phase}' is not one path component.", nameof(phase));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(attempt);
        return System.IO.Path.Combine(
            System.IO.Path.GetFullPath(workRoot),
            phase,
            index.ToString("D6", CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"attempt-{attempt}"));
    }

    /// <summary>Path of a file inside the folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Removes the folder and everything in it; nothing happens when it is gone already.</summary>
    public void Discard()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
