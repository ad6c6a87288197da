using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Execution;

/// <summary>
/// Where a job's files are while an attempt works on them, be the output a folder or a prefix of a bucket. Attempts write
/// below <c>.work</c>, on a disk at their place, else in the spool, from where each file is uploaded when it is whole.
/// Disposing lets local copies go; what was kept stays.
/// </summary>
/// <param name="storage">Everything jobs may touch.</param>
/// <param name="output">Absolute path or address of the output folder, already guarded.</param>
/// <param name="pins">Keeps local copies; owned.</param>
public abstract class JobFolder(JobStorage storage, string output, SpoolPins pins) : IDisposable
{
    private readonly List<string> _attempts = [];

    /// <summary>Absolute path or address of the output folder.</summary>
    public string Output => output;

    /// <summary>The output folder.</summary>
    public IOutputFolder Files { get; } = storage.Of(output).OpenOutput(output);

    /// <summary>Everything jobs may touch.</summary>
    public JobStorage Storage => storage;

    /// <summary>Keeps local copies until the attempt ends.</summary>
    public SpoolPins Pins => pins;

    private string Work => Path.Combine(Files.Scratch, OutputLayout.Work);

    /// <summary>Makes the private folder of an attempt.</summary>
    public AttemptFolder CreateAttempt(LeaseKey lease)
    {
        var folder = AttemptFolder.Create(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);
        _attempts.Add(RelativeOf(folder.Path));
        return folder;
    }

    /// <summary>Deletes everything of an attempt.</summary>
    public void DiscardAttempt(LeaseKey lease) =>
        Files.Discard(RelativeOf(AttemptFolder.PathOf(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt)));

    /// <summary>Path on this machine of a committed attempt's file, or of a file of an earlier job, which has one of its own.</summary>
    public string PathOf(AttemptFile file) => Path.IsPathRooted(file.Path) || S3Address.Is(file.Path)
        ? storage.Fetch(file.Path, pins)
        : Files.Fetch(file.Path, new FileDigest(file.Bytes, file.Sha256), pins);

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
        FileDigest digest;
        using (var file = AtomicFile.Create(path))
        {
            write(file.Stream);
            digest = file.Commit();
        }

        var relative = RelativeOf(path);
        Files.Keep(relative, digest);
        return new AttemptFile(finalName, relative, digest.Bytes, digest.Sha256);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _attempts.ForEach(Files.Release);
        pins.Dispose();
        GC.SuppressFinalize(this);
    }

    private string RelativeOf(string path) => Path.GetRelativePath(Files.Scratch, path).Replace(Path.DirectorySeparatorChar, '/');
}
