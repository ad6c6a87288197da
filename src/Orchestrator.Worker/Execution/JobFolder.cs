using Orchestrator.Data.Storage;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Execution;

/// <summary>
/// Where a job's files are: everything below the output folder, attempts under <c>.work</c> on the same file system, so
/// that giving a committed file its final name is a rename.
/// </summary>
/// <param name="output">Absolute path of the output folder, links resolved.</param>
public abstract class JobFolder(string output)
{
    /// <summary>Name of the folder that holds attempts.</summary>
    public const string WorkFolder = ".work";

    /// <summary>Absolute path of the output folder, links resolved.</summary>
    public string Output => output;

    /// <summary>Absolute path of the folder that holds attempts.</summary>
    public string Work => Path.Combine(output, WorkFolder);

    /// <summary>Makes the private folder of an attempt.</summary>
    public AttemptFolder CreateAttempt(LeaseKey lease) =>
        AttemptFolder.Create(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);

    /// <summary>
    /// Deletes the private folder of an attempt, and the folders above it that this leaves empty: an attempt that outlived
    /// its job must not leave a trace in a published folder.
    /// </summary>
    public void DiscardAttempt(LeaseKey lease)
    {
        var path = AttemptFolder.PathOf(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        for (var parent = Path.GetDirectoryName(path)!; parent.Length >= Work.Length; parent = Path.GetDirectoryName(parent)!)
        {
            if (Directory.Exists(parent))
            {
                if (Directory.EnumerateFileSystemEntries(parent).Any())
                {
                    return;
                }

                Directory.Delete(parent);
            }
        }
    }

    /// <summary>Absolute path of a committed attempt's file, or of a file of an earlier job, which has one already.</summary>
    public string PathOf(AttemptFile file) => Path.Combine(Output, file.Path);

    /// <summary>Writes a file of an attempt, durable and digested.</summary>
    /// <param name="folder">The attempt's folder.</param>
    /// <param name="name">Name in that folder, one component.</param>
    /// <param name="finalName">Final name below the output folder; empty for none.</param>
    /// <param name="write">Writes the content; forward only.</param>
    public AttemptFile WriteFile(AttemptFolder folder, string name, string finalName, Action<Stream> write) =>
        WriteFile(folder.File(name), finalName, write);

    /// <summary>As above, at an absolute path inside the attempt's folder.</summary>
    public AttemptFile WriteFile(string path, string finalName, Action<Stream> write)
    {
        using var file = AtomicFile.Create(path);
        write(file.Stream);
        var digest = file.Commit();
        return new AttemptFile(finalName, Path.GetRelativePath(Output, path), digest.Bytes, digest.Sha256);
    }
}
