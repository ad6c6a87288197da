namespace Orchestrator.Data.Storage;

/// <summary>
/// A job's output folder, on a disk or in a bucket. Attempts write below <see cref="Scratch"/>; <see cref="Keep"/> makes a
/// file of theirs last under the same relative path, where only the job looks; <see cref="Place"/> gives it its final name.
/// Every call may be repeated, also beside a late attempt that makes the same call.
/// </summary>
/// <remarks>Relative paths have <c>/</c> between names. Errors as in <see cref="IStorage"/>.</remarks>
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

    /// <summary>A file of this machine with the content of a kept file.</summary>
    string Fetch(string relative, FileDigest digest, SpoolPins pins);

    /// <summary>Forgets what is local of an attempt that has ended; what was kept stays.</summary>
    void Release(string relative);

    /// <summary>Deletes what an attempt kept.</summary>
    void Discard(string relative);

    /// <summary>Gives a kept file its final name.</summary>
    /// <exception cref="InvalidDataException">The file is gone, and not because it has its name already.</exception>
    void Place(string relative, string name, FileDigest digest);

    /// <summary>Writes a file under its final name, whole or not at all.</summary>
    FileDigest Write(string name, Action<Stream> content);

    /// <summary>
    /// Writes the file that says what is published, only where nobody else did since <see cref="Read"/>; the same content written
    /// twice counts as written once.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="before">What it replaces; null where there was none.</param>
    void Commit(string name, byte[] content, NamedContent? before);

    /// <summary>The bytes under a final name; null where there are none.</summary>
    NamedContent? Read(string name);

    /// <summary>Deletes a file under a final name.</summary>
    void Delete(string name);

    /// <summary>Deletes everything that attempts kept, once the output is whole.</summary>
    void Finish();
}

/// <summary>Bytes and the version they had.</summary>
public sealed record NamedContent(byte[] Bytes, string? Version);
