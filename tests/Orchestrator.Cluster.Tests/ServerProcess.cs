using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Orchestrator.Cluster.Tests;

/// <summary>A real Api or Worker process, started from its own build output, stopped by its own id.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private bool _disposed;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(string project, IEnumerable<KeyValuePair<string, string>> settings, string[] before, string[] arguments)
    {
        string[] command = [.. before, "dotnet", "exec", Assembly(project), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(Assembly(project)),
        };
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Information";
        foreach (var (name, value) in settings)
        {
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException($"{project} ended before it listened:\n{Log}"));
    }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>What it has printed so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Told of each line that the process prints.</summary>
    public Action<string>? OnLine { get; set; }

    /// <summary>Completes with its address when its web server listens; fails where it ends before.</summary>
    public Task<Uri> Listening => _listening.Task;

    /// <summary>Completes with its exit code when it has ended.</summary>
    public Task<int> Ended { get; private set; } = Task.FromResult(0);

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a process and waits until its web server listens.</summary>
    public static async Task<(ServerProcess Process, Uri Address)> StartAsync(string project, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var server = Launch(project, settings);
        return (server, await server.Listening.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    /// <summary>Starts a process and waits for nothing.</summary>
    /// <param name="project">Project of <c>src</c>, or <c>Orchestrator.Simulation</c>.</param>
    /// <param name="settings">Configuration; names with colons.</param>
    /// <param name="before">What stands before the command, for example <c>ip netns exec NAME</c>; must keep the process id.</param>
    /// <param name="arguments">Arguments of the program.</param>
    /// <param name="onLine">Told of each line that the process prints.</param>
    public static ServerProcess Launch(
        string project, IEnumerable<KeyValuePair<string, string>> settings, string[]? before = null, string[]? arguments = null, Action<string>? onLine = null)
    {
        var server = new ServerProcess(project, settings, before ?? [], arguments ?? []) { OnLine = onLine };
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        server.Ended = server.EndAsync();
        return server;
    }

    private async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Signal(SigKill);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Signal(SigTerm);
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP or SIGCONT.</summary>
    public void Suspend(bool suspended) => Signal(suspended ? SigStop : SigCont);

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        // Who waits for its end reads the exit code.
        await Ended;
        _process.Dispose();
    }

    private static string Assembly(string project)
    {
        // .../tests/Orchestrator.Cluster.Tests/bin/<configuration>/net10.0
        // (or .../bench/ControlPlane/bin/...)
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var folder = project == "Orchestrator.Simulation" ? Path.Combine("bench", "Simulation") : Path.Combine("src", project);
        return Path.Combine(root, folder, "bin", output.Parent.Name, output.Name, (project == "Orchestrator.Cli" ? "orchestrator" : project) + ".dll");
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        OnLine?.Invoke(line);
        const string Marker = "Now listening on: ";
        if (line.IndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at)
        {
            _listening.TrySetResult(new Uri(line[(at + Marker.Length)..].Trim()));
        }
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited && kill(_process.Id, signal) != 0)
        {
            // It may have ended in this moment.
            if (!_process.WaitForExit(TimeSpan.FromSeconds(1)))
            {
                throw new InvalidOperationException($"Could not signal process {_process.Id}.");
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
