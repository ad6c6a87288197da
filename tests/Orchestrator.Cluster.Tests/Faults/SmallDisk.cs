using System.Diagnostics;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>A folder on a file system of its own that can be filled to the last byte: a tmpfs, which only root can mount; else an ordinary folder.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private const int Megabytes = 256;

    private SmallDisk(string path, bool mounted)
    {
        Path = path;
        CanFill = mounted;
    }

    public string Path { get; }

    /// <summary>False where the folder is on the machine's own disk, which must not be filled.</summary>
    public bool CanFill { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static async Task<SmallDisk> CreateAsync()
    {
        var path = Directory.CreateTempSubdirectory("faults-").FullName;
        return new SmallDisk(path, Environment.IsPrivilegedProcess && await RunAsync("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "tmpfs", path));
    }

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        var block = new byte[1 << 16];
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        try
        {
            for (long written = 0; written < 2L * Megabytes << 20; written += block.Length)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        if (CanFill)
        {
            await RunAsync("umount", "--lazy", Path);
        }

        Directory.Delete(Path, recursive: true);
    }

    private static async Task<bool> RunAsync(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
