namespace Orchestrator.Data.Storage;

/// <summary>An output folder on a disk. Attempts work below <c>.work</c> on the same file system, so that giving a file its final name is a rename.</summary>
/// <param name="root">Absolute path, links resolved.</param>
/// <param name="job">Id of the job that writes there.</param>
internal sealed class LocalOutputFolder(string root, string job) : IOutputFolder
{
    private readonly string _shared = Path.Combine(root, OutputLayout.Work);
    private readonly string _work = Path.Combine(root, OutputLayout.WorkOf(job));
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
    public string Fetch(string relative, FileDigest digest, SpoolPins pins)
    {
        var path = Path.Combine(root, relative);
        Check(path, relative, digest);
        return path;
    }

    /// <inheritdoc />
    public void Release(string relative)
    {
        // What is local is what was kept.
    }

    /// <inheritdoc />
    public void Discard(string relative)
    {
        var path = Path.Combine(root, relative);
        DeleteFolder(path);

        // An attempt that outlived its job must not leave a trace in a published folder.
        DeleteEmpty(Path.GetDirectoryName(path)!);
    }

    /// <inheritdoc />
    public bool Has(string relative, string name, FileDigest digest)
    {
        return IsThere(relative) || (name.Length > 0 && IsThere(name));

        bool IsThere(string path) => new FileInfo(Path.Combine(root, path)) is { Exists: true } file && file.Length == digest.Bytes;
    }

    /// <inheritdoc />
    public void Place(string relative, string name, FileDigest digest)
    {
        var (from, to) = (Path.Combine(root, relative), Path.Combine(root, name));
        if (!File.Exists(from) && File.Exists(to))
        {
            // Moved by an earlier attempt.
            Check(to, relative, digest);
            return;
        }

        Check(from, relative, digest);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        try
        {
            File.Move(from, to, overwrite: true);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SpoiltFileException.Gone(root, relative, e);
        }
    }

    /// <inheritdoc />
    public void Commit(string attempt, string name, byte[] content, NamedContent? before)
    {
        var path = Path.Combine(root, attempt, name);
        using (var file = AtomicFile.CreateBeside(path))
        {
            file.Stream.Write(content);
            file.Commit();
        }

        File.Move(path, Path.Combine(root, name), overwrite: true);
        AtomicFile.FlushNames(root);
    }

    /// <inheritdoc />
    public NamedContent? Read(string name)
    {
        var path = Path.Combine(root, name);
        return File.Exists(path) ? new NamedContent(File.ReadAllBytes(path), null) : null;
    }

    /// <inheritdoc />
    public void Delete(string name)
    {
        if (Directory.Exists(root))
        {
            File.Delete(Path.Combine(root, name));
        }
    }

    /// <inheritdoc />
    public void Finish()
    {
        // Of attempts that were killed while they wrote.
        foreach (var temporary in Directory.Exists(root) ? AtomicFile.TemporariesBelow(root) : [])
        {
            File.Delete(temporary);
        }

        // First a rename, which is all or nothing: a half-deleted work folder could not be told from one in use. A late attempt of a
        // job that has no place here any more takes nobody's away.
        if (Directory.Exists(_work))
        {
            DeleteFolder(_done);
            Directory.Move(_shared, _done);
        }

        DeleteFolder(_done);
    }

    /// <inheritdoc />
    public void Clear()
    {
        var ended = _work + "-ended";
        DeleteFolder(ended);
        try
        {
            // A rename, so that what is still at work there loses all of it at once.
            Directory.Move(_work, ended);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was written, or it has been cleared.
        }

        DeleteFolder(ended);
        DeleteEmpty(_shared);
    }

    private void Check(string path, string relative, FileDigest digest)
    {
        FileDigest found;
        try
        {
            found = FileDigest.OfFile(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw SpoiltFileException.Gone(root, relative, e);
        }

        if (found != digest)
        {
            throw SpoiltFileException.Changed(root, relative, digest, found);
        }
    }

    /// <summary>Deletes a folder of <c>.work</c> and those above it, up to <c>.work</c> itself, as far as they are empty.</summary>
    private void DeleteEmpty(string folder)
    {
        for (; folder.Length >= _shared.Length; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (DirectoryNotFoundException)
            {
                // Another attempt was quicker.
            }
            catch (IOException)
            {
                return;
            }
        }
    }

    private static void DeleteFolder(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It is gone, or another attempt deletes it at the same time.
        }
    }
}

/// <summary>Names below an output folder that are not output.</summary>
public static class OutputLayout
{
    /// <summary>Folder or prefix of what attempts keep.</summary>
    public const string Work = ".work";

    /// <summary>Where the attempts of one job work, below the output folder: no other job's attempts ever do.</summary>
    public static string WorkOf(string job) => $"{Work}/{job}";
}
