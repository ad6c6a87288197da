using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;
using Xunit;

namespace Orchestrator.Tests.Shared;

/// <summary>
/// A PostgreSQL cluster of this test assembly's own: data and socket in a temporary folder, a free port on loopback, fsync
/// on, no password. Started by the first test that asks, stopped by its process id at the end. Tests are skipped where the
/// server's binaries are not installed. Register with <c>[assembly: AssemblyFixture(typeof(PrivatePostgres))]</c> and take
/// it as a constructor argument. Safe for concurrent use.
/// </summary>
public sealed class PrivatePostgres : IAsyncLifetime
{
    private const string Missing =
        "PostgreSQL's server binaries are not here; install them with: sudo apt-get install postgresql";

    private readonly SemaphoreSlim gate = new(1, 1);
    private DirectoryInfo? folder;
    private Process? server;
    private int port;
    private int databases;

    /// <summary>One more IPv4 address to listen on, with everybody of its /24 let in; for processes in another network namespace.</summary>
    public string? AlsoListen { get; init; }

    /// <inheritdoc />
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes an empty database and returns its connection string; skips the calling test where there is no PostgreSQL.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (server is null)
            {
                await StartAsync();
            }

            var name = $"test_{++databases}";
            await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
            await create.ExecuteNonQueryAsync();
            return ConnectionString(name);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Stops the server at once, as a crash would, and leaves it down.</summary>
    public async Task CrashAsync()
    {
        await StopAsync(Signal.Quit);
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Stops every process of the server in its tracks, or lets them go on: connections stay open and nothing answers.</summary>
    public void Suspend(bool suspended)
    {
        var postmaster = server!.Id;
        var children = File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);
        foreach (var id in suspended ? children.Prepend(postmaster) : children.Append(postmaster))
        {
            // A backend may have ended since it was listed.
            _ = Kill(id, (int)(suspended ? Signal.Stop : Signal.Continue));
        }
    }

    /// <summary>Starts the server again after <see cref="CrashAsync"/>, on the same port and data.</summary>
    public Task RestartAsync() => LaunchAsync();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await StopAsync(Signal.Interrupt);
        if (folder is not null)
        {
            folder.Delete(recursive: true);
        }

        gate.Dispose();
    }

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Username=orchestrator;Database={database};Pooling=true;Maximum Pool Size=20";

    private async Task StartAsync()
    {
        var binaries = FindBinaries();
        if (binaries is null)
        {
            Assert.Skip(Missing);
        }

        folder = Directory.CreateTempSubdirectory("orchestrator-pg-");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", Account, folder.FullName);
        }

        await RunAsServerAsync(
            Path.Combine(binaries, "initdb"), "--pgdata", Data, "--username", "orchestrator", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync");
        if (AlsoListen is not null)
        {
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_hba.conf"), $"host all all {AlsoListen}/24 trust\n");
        }

        port = FreePort();
        await LaunchAsync();
    }

    private async Task LaunchAsync()
    {
        var start = ServerProcess(
            Path.Combine(FindBinaries()!, "postgres"), "-D", Data, "-k", folder!.FullName, "-h", AlsoListen is null ? "127.0.0.1" : $"127.0.0.1,{AlsoListen}", "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", "fsync=on", "-c", "max_connections=200", "-c", "log_min_messages=warning");
        start.RedirectStandardError = true;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new StringBuilder();
        server = new Process { StartInfo = start, EnableRaisingEvents = true };
        server.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.AppendLine(line.Data);
            }

            if (line.Data?.Contains("ready to accept connections", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        server.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"PostgreSQL ended before it was ready:\n{log}"));
        server.Start();
        server.BeginErrorReadLine();
        await ready.Task;
    }

    private async Task StopAsync(Signal signal)
    {
        if (server is null)
        {
            return;
        }

        if (!server.HasExited && Kill(server.Id, (int)signal) != 0)
        {
            throw new InvalidOperationException($"Could not signal PostgreSQL, process {server.Id}: error {Marshal.GetLastPInvokeError()}.");
        }

        await server.WaitForExitAsync();
        server.Dispose();
        server = null;
    }

    private string Data => Path.Combine(folder!.FullName, "data");

    /// <summary>The account that runs the server where the tests run as root, which PostgreSQL refuses.</summary>
    private static string Account => File.ReadLines("/etc/passwd").Any(static l => l.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    private static string? FindBinaries()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(static d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(static d => Path.Combine(d, "bin"))
            : [];
        return path.Concat(debian).FirstOrDefault(static d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static ProcessStartInfo ServerProcess(string file, params string[] arguments) => Environment.IsPrivilegedProcess
        ? Command("setpriv", ["--reuid", Account, "--regid", Account == "postgres" ? "postgres" : "nogroup", "--clear-groups", file, .. arguments])
        : Command(file, arguments);

    private static ProcessStartInfo Command(string file, IEnumerable<string> arguments) => new(file, arguments)
    {
        UseShellExecute = false,
        WorkingDirectory = Path.GetTempPath(),
        Environment = { ["LC_ALL"] = "C" },
    };

    private static Task RunAsServerAsync(string file, params string[] arguments) => RunAsync(ServerProcess(file, arguments));

    private static Task RunAsync(string file, params string[] arguments) => RunAsync(Command(file, arguments));

    private static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"'{start.FileName}' did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{start.FileName} {string.Join(' ', start.ArgumentList)}' failed:\n{await output}{await error}");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int processId, int signal);

    /// <summary>How PostgreSQL is told to stop: interrupt is a fast shutdown, quit an immediate one that needs recovery.</summary>
    private enum Signal
    {
        Interrupt = 2,
        Quit = 3,
        Continue = 18,
        Stop = 19,
    }
}
