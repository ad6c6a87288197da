using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Orchestrator.Data.Storage;

/// <summary>A file that is either wholly there or not there: written beside its place, flushed to the disk, then renamed into it.</summary>
/// <remarks>
/// After <see cref="Commit"/> returns, the content and the name survive a loss of power on file systems that honour fsync.
/// Disposing without commit removes the temporary file. Two writers of one path do not disturb each other: the last commit wins.
/// </remarks>
public sealed partial class AtomicFile : IDisposable
{
    private const int Chance = 12;

    private readonly string _finalPath;
    private readonly string _temporary;
    private readonly FileStream _file;
    private readonly HashingStream _hashing;
    private bool _done;

    private AtomicFile(string finalPath, string temporary, FileStream file)
    {
        (_finalPath, _temporary, _file) = (finalPath, temporary, file);
        _hashing = new HashingStream(file);
    }

    /// <summary>Write the content here. Forward only: what is hashed is what was written, in order.</summary>
    public Stream Stream => _hashing;

    /// <summary>Begins a file; its folder is created when absent. Throws what creating a file throws.</summary>
    /// <param name="finalPath">Where the file will be after commit; already guarded by <see cref="AllowedRoots"/>.</param>
    public static AtomicFile Create(string finalPath)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(finalPath))!);
        return CreateBeside(finalPath);
    }

    /// <summary>As <see cref="Create"/>, in a folder that must be there: an attempt whose place was taken away must not make it again.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder is not there.</exception>
    public static AtomicFile CreateBeside(string finalPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(finalPath))!;
        while (true)
        {
            // The name never reaches the output, so chance here does not touch determinism.
            var temporary = Path.Combine(folder, $".{Path.GetFileName(finalPath)}.{RandomNumberGenerator.GetHexString(Chance, lowercase: true)}.tmp");
            try
            {
                return new AtomicFile(finalPath, temporary, new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16));
            }
            catch (IOException) when (File.Exists(temporary))
            {
                // Drawn before; draw again.
            }
        }
    }

    /// <summary>Temporary files below a folder, of writers that were killed or are still writing.</summary>
    public static IEnumerable<string> TemporariesBelow(string folder) =>
        Directory.EnumerateFiles(folder, ".*.tmp", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Where(path => Temporary().IsMatch(Path.GetFileName(path)));

    /// <summary>Writes a whole file in one call.</summary>
    public static FileDigest Write(string finalPath, ReadOnlySpan<byte> content)
    {
        using var file = Create(finalPath);
        file.Stream.Write(content);
        return file.Commit();
    }

    /// <summary>Flushes to the disk and moves into place, replacing a file that is there. Call once.</summary>
    /// <returns>Length and digest of what was written.</returns>
    public FileDigest Commit()
    {
        ObjectDisposedException.ThrowIf(_done, this);
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_temporary, _finalPath, overwrite: true);
        _done = true;
        DirectoryFlush.Run(Path.GetDirectoryName(Path.GetFullPath(_finalPath))!);
        return _hashing.Digest();
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_done)
        {
            if (File.Exists(_temporary))
            {
                File.Delete(_temporary);
            }

            _done = true;
        }

        _hashing.Dispose();
    }

    [GeneratedRegex(@"^\..+\.[0-9a-f]{12}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex Temporary();

    /// <summary>Makes the names in a folder last through a loss of power, where the file system honours fsync.</summary>
    public static void FlushNames(string folder) => DirectoryFlush.Run(folder);

    /// <summary>A rename is durable only once its folder is; .NET has no call for that.</summary>
    private static class DirectoryFlush
    {
        public static void Run(string folder)
        {
            if (OperatingSystem.IsWindows())
            {
                return;
            }

            var descriptor = Open(folder, 0);
            if (descriptor < 0)
            {
                return;
            }

            _ = Fsync(descriptor);
            _ = Close(descriptor);
        }

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        private static extern int Fsync(int descriptor);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        private static extern int Close(int descriptor);
    }
}
