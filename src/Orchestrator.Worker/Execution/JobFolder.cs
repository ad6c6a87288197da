using System.Globalization;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Execution;

/// <summary>
/// Where a job's files are while an attempt works on them, be the output a folder or a prefix of a bucket. Attempts write
/// below <c>.work/{job}</c>, on a disk at their place, else in the spool, from where each file is uploaded when it is whole.
/// A committed file is believed only with its digest. Disposing lets local copies go; what was kept stays.
/// </summary>
/// <param name="storage">Everything jobs may touch.</param>
/// <param name="output">Absolute path or address of the output folder, already guarded.</param>
/// <param name="job">The job.</param>
/// <param name="pins">Keeps local copies; owned.</param>
public abstract class JobFolder(JobStorage storage, string output, JobId job, SpoolPins pins) : IDisposable
{
    private readonly List<string> _attempts = [];
    private readonly HashSet<(string Path, string Sha256)> _checked = [];

    /// <summary>Absolute path or address of the output folder.</summary>
    public string Output => output;

    /// <summary>The output folder.</summary>
    public IOutputFolder Files { get; } = storage.Of(output).OpenOutput(output, job.Value);

    /// <summary>Everything jobs may touch.</summary>
    public JobStorage Storage => storage;

    /// <summary>Keeps local copies until the attempt ends.</summary>
    public SpoolPins Pins => pins;

    /// <summary>False where the place of an attempt that this folder made was taken away.</summary>
    public bool HasItsAttempts => _attempts.TrueForAll(attempt => Directory.Exists(Path.Combine(Files.Scratch, attempt)));

    private string Work => Path.Combine(Files.Scratch, OutputLayout.WorkOf(job.Value));

    /// <summary>Makes the private folder of an attempt.</summary>
    public AttemptFolder CreateAttempt(LeaseKey lease)
    {
        _attempts.Add(RelativeOf(AttemptFolder.PathOf(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt)));
        return AttemptFolder.Create(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt);
    }

    /// <summary>Deletes everything of an attempt.</summary>
    public void DiscardAttempt(LeaseKey lease) =>
        Files.Discard(RelativeOf(AttemptFolder.PathOf(Work, lease.Shard.Phase, lease.Shard.Index, lease.Attempt)));

    /// <summary>
    /// Path on this machine of a committed attempt's file, checked against its digest the first time that this folder is asked for
    /// it, or of a file of an earlier job, which has a path of its own.
    /// </summary>
    /// <exception cref="SpoiltFileException">A committed file is gone, or holds something else.</exception>
    /// <exception cref="InvalidDataException">An earlier job's file has a digest and holds something else.</exception>
    public string PathOf(AttemptFile file)
    {
        if (Path.IsPathRooted(file.Path) || S3Address.Is(file.Path))
        {
            var path = storage.Fetch(file.Path, pins);
            return file.Sha256.Length == 0 || !_checked.Add((file.Path, file.Sha256)) || FileDigest.OfFile(path).Sha256 == file.Sha256
                ? path
                : throw new InvalidDataException($"{file.Path}: the file has changed since the job that wrote it published it; write it again, or use another folder.");
        }

        // What this attempt has found right it need not read again.
        if (_checked.Contains((file.Path, file.Sha256)) && !S3Address.Is(output))
        {
            return Path.Combine(Files.Scratch, file.Path);
        }

        var found = Files.Fetch(file.Path, new FileDigest(file.Bytes, file.Sha256), pins);
        _checked.Add((file.Path, file.Sha256));
        return found;
    }

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
        using (var file = AtomicFile.CreateBeside(path))
        {
            write(file.Stream);
            digest = file.Commit();
        }

        var relative = RelativeOf(path);
        Files.Keep(relative, digest);
        return new AttemptFile(finalName, relative, digest.Bytes, digest.Sha256);
    }

    /// <summary>Writes a file in an attempt's folder and gives it its final name at once.</summary>
    /// <param name="folder">The attempt's folder.</param>
    /// <param name="finalName">Final name below the output folder.</param>
    /// <param name="write">Writes the content; forward only.</param>
    public FileDigest Publish(AttemptFolder folder, string finalName, Action<Stream> write)
    {
        var file = WriteFile(folder, finalName.Replace('/', '-'), finalName, write);
        var digest = new FileDigest(file.Bytes, file.Sha256);
        Files.Place(file.Path, finalName, digest);
        return digest;
    }

    /// <summary>Writes the file that says what is published, as <see cref="IOutputFolder.Commit"/> does.</summary>
    public void Commit(AttemptFolder folder, string name, byte[] content, NamedContent? before) =>
        Files.Commit(RelativeOf(folder.Path), name, content, before);

    /// <summary>
    /// Whose output a kept file is: its phase, index and attempt; null for a path that no attempt has. Attempts of earlier releases
    /// had no job in their path.
    /// </summary>
    public static SpoiltOutput? OwnerOf(string relative, string problem) => relative.Split('/') switch
    {
        [OutputLayout.Work, _, var phase, var index, var attempt, _] => Owner(phase, index, attempt, problem),
        [OutputLayout.Work, var phase, var index, var attempt, _] => Owner(phase, index, attempt, problem),
        _ => null,
    };

    /// <inheritdoc />
    public void Dispose()
    {
        _attempts.ForEach(Files.Release);
        pins.Dispose();
        GC.SuppressFinalize(this);
    }

    private static SpoiltOutput? Owner(string phase, string index, string attempt, string problem) =>
        int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var shard)
        && attempt.StartsWith("attempt-", StringComparison.Ordinal)
        && int.TryParse(attempt.AsSpan("attempt-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new SpoiltOutput(phase, shard, number, problem)
            : null;

    private string RelativeOf(string path) => Path.GetRelativePath(Files.Scratch, path).Replace(Path.DirectorySeparatorChar, '/');
}
