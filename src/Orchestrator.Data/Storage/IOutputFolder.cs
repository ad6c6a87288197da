namespace Orchestrator.Data.Storage;

/// <summary>
/// A job's output folder, on a disk or in a bucket. Attempts write below <see cref="Scratch"/>, in a place that bears the job's id;
/// <see cref="Keep"/> makes a file of theirs last under the same relative path, where only the job looks; <see cref="Place"/> gives
/// it its final name, and is the only way to one but for <see cref="Commit"/>. Every call may be repeated, also beside a late
/// attempt that makes the same call.
/// </summary>
/// <remarks>
/// Relative paths have <c>/</c> between names. Errors as in <see cref="IStorage"/>, and <see cref="SpoiltFileException"/> where a kept
/// file is not what was kept. On a disk a final name is given by renaming out of the job's own place. Once that place is cleared
/// (<see cref="Clear"/>), an attempt that has outlived its job finds nothing to rename, and so cannot touch what a later job writes there.
/// </remarks>
public interface IOutputFolder
{
    /// <summary>Absolute path or address.</summary>
    string Root { get; }

    /// <summary>Folder of this machine below which attempts write; the folder itself on a disk.</summary>
    string Scratch { get; }

    /// <summary>True where the output is whole: <see cref="Finish"/> has begun and the final files are all there.</summary>
    /// <param name="manifest">Name of the file that is written last.</param>
    bool IsFinished(string manifest);

    /// <summary>Makes a file below <see cref="Scratch"/> last.</summary>
    void Keep(string relative, FileDigest digest);

    /// <summary>A file of this machine with the content of a kept or placed file, checked against its digest now.</summary>
    /// <exception cref="SpoiltFileException">It is gone, or holds something else.</exception>
    string Fetch(string relative, FileDigest digest, SpoolPins pins);

    /// <summary>Forgets what is local of an attempt that has ended; what was kept stays.</summary>
    void Release(string relative);

    /// <summary>Deletes what an attempt kept.</summary>
    void Discard(string relative);

    /// <summary>Whether a kept file is there, under its own or its final name, with the right length. Reads no content.</summary>
    /// <param name="relative">Where it was kept.</param>
    /// <param name="name">Its final name; empty for none.</param>
    /// <param name="digest">What was kept.</param>
    bool Has(string relative, string name, FileDigest digest);

    /// <summary>Gives a kept file its final name, after checking it against its digest.</summary>
    /// <exception cref="SpoiltFileException">It is gone, and not because it has its name already, or it holds something else.</exception>
    void Place(string relative, string name, FileDigest digest);

    /// <summary>
    /// Writes the file that says what is published, only where nobody else did since <see cref="Read"/>; the same content written
    /// twice counts as written once.
    /// </summary>
    /// <param name="attempt">The attempt's folder, relative; it was made before anything that the file speaks of was read.</param>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="before">What it replaces; null where there was none.</param>
    void Commit(string attempt, string name, byte[] content, NamedContent? before);

    /// <summary>The bytes under a final name; null where there are none.</summary>
    NamedContent? Read(string name);

    /// <summary>Deletes a file under a final name.</summary>
    void Delete(string name);

    /// <summary>Deletes everything that attempts kept, of ended jobs too, once the output is whole.</summary>
    void Finish();

    /// <summary>
    /// Deletes everything that attempts of this job kept, and nothing else; the job has ended without output. From the first moment
    /// on no attempt that is still at work can give a file a final name (on a disk; a bucket has no such order).
    /// </summary>
    void Clear();
}

/// <summary>Bytes and the version they had.</summary>
public sealed record NamedContent(byte[] Bytes, string? Version);
