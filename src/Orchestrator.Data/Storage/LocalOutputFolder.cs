namespace Orchestrator.Data.Storage;

/// <summary>An output folder on a disk. Attempts work below <c>.work</c> on the same file system, so that giving a file its final name is a rename.</summary>
/// <param name="root">Absolute path, links resolved.</param>
internal sealed class LocalOutputFolder(string root) : IOutputFolder
{
    private readonly string _work = Path.Combine(root, OutputLayout.Work);
    private readonly string _done = Path.Combine(root, OutputLayout.Work + "-done");

    /// <inheritdoc />
    public string Root => root;

    /// <inheritdoc />
    public string Scratch => root;

    /// <inheritdoc />
    public bool IsFinished(string manifest) => !Directory.Exists(_work) && File.Exists(Path.Combine(root, manifest));

    /// <inheritdoc />
    public void Keep(string relative, FileDigest digest)
    {
        // It lies where it stays.
    }

    /// <inheritdoc />
    public string Fetch(string relative, FileDigest digest, SpoolPins pins) => Path.Combine(root, relative);

    /// <inheritdoc />
    public void Release(string relative)
    {
        // What is local is what was kept.
    }

    /// <inheritdoc />
    public void Discard(string relative)
    {
        var path = Path.Combine(root, relative);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        // An attempt that outlived its job must not leave a trace in a published folder.
        for (var parent = Path.GetDirectoryName(path)!; parent.Length >= _work.Length; parent = Path.GetDirectoryName(parent)!)
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

    /// <inheritdoc />
    public void Place(string relative, string name, FileDigest digest)
    {
        var (from, to) = (Path.Combine(root, relative), Path.Combine(root, name));
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        try
        {
            File.Move(from, to, overwrite: true);
        }
        catch (FileNotFoundException) when (File.Exists(to) && new FileInfo(to).Length == digest.Bytes)
        {
            // Moved by an earlier attempt.
        }
        catch (FileNotFoundException)
        {
            throw new InvalidDataException($"The committed file {relative} is gone from {root}; submit the job again.");
        }
    }

    /// <inheritdoc />
    public FileDigest Write(string name, Action<Stream> content)
    {
        if (!Directory.Exists(_work) && File.Exists(Path.Combine(root, name)))
        {
            // The output is whole, and this attempt has outlived its job: it must not leave a trace, half a file in the least.
            return FileDigest.OfFile(Path.Combine(root, name));
        }

        using var file = AtomicFile.Create(Path.Combine(root, name));
        content(file.Stream);
        return file.Commit();
    }

    /// <inheritdoc />
    public void Commit(string name, byte[] content, NamedContent? before) => AtomicFile.Write(Path.Combine(root, name), content);

    /// <inheritdoc />
    public NamedContent? Read(string name)
    {
        var path = Path.Combine(root, name);
        return File.Exists(path) ? new NamedContent(File.ReadAllBytes(path), null) : null;
    }

    /// <inheritdoc />
    public void Delete(string name) => File.Delete(Path.Combine(root, name));

    /// <inheritdoc />
    public void Finish()
    {
        // Of attempts that were killed while they wrote.
        foreach (var temporary in Directory.Exists(root) ? AtomicFile.TemporariesBelow(root) : [])
        {
            File.Delete(temporary);
        }

        // First a rename, which is all or nothing: a half-deleted work folder could not be told from one in use.
        if (Directory.Exists(_work))
        {
            DeleteFolder(_done);
            Directory.Move(_work, _done);
        }

        DeleteFolder(_done);
    }

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}

/// <summary>Names below an output folder that are not output.</summary>
public static class OutputLayout
{
    /// <summary>Folder or prefix of what attempts keep.</summary>
    public const string Work = ".work";
}
