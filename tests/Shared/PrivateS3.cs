using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.S3;
using Amazon.S3.Model;
using Orchestrator.Data.Storage.S3;
using Xunit;

namespace Orchestrator.Tests.Shared;

/// <summary>
/// An S3 server of this test assembly's own: moto, on a free port of loopback, its objects in memory. Started by the first test that
/// asks, stopped by its process id at the end. Tests are skipped where moto is not installed. Safe for concurrent use.
/// </summary>
public sealed class PrivateS3 : IAsyncLifetime
{
    private const string Missing = "moto_server is not here, so no S3 server can be started; install it with: pip install 'moto[server]'";

    private readonly SemaphoreSlim gate = new(1, 1);
    private Process? server;
    private int buckets;

    /// <summary>Port on loopback; known once a bucket was made.</summary>
    public int Port { get; private set; }

    /// <inheritdoc />
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Makes an empty bucket and returns its name; skips the calling test where there is no server.</summary>
    public async Task<string> CreateBucketAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (server is null)
            {
                (server, Port) = await StartAsync(checksKeys: false);
            }

            var name = string.Create(CultureInfo.InvariantCulture, $"bucket-{++buckets}");
            using var client = Client();
            await client.PutBucketAsync(new PutBucketRequest { BucketName = name });
            return name;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Options for the server, with few and short retries.</summary>
    /// <param name="spool">Folder for local copies.</param>
    /// <param name="port">Another port, e.g. of a proxy; null is the server's own.</param>
    public S3Options Options(string spool, int? port = null) => new()
    {
        Endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port ?? Port}"),
        AccessKey = "test",
        SecretKey = "secret-of-the-test",
        PartBytes = 5 << 20,
        RetryDelay = TimeSpan.FromMilliseconds(1),
        Timeout = TimeSpan.FromSeconds(20),
        Spool = spool,
    };

    /// <summary>A plain client of the SDK, to look at the server past the code under test.</summary>
    public AmazonS3Client Client() => new(
        "test", "secret-of-the-test", new AmazonS3Config { ServiceURL = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"), ForcePathStyle = true, AuthenticationRegion = "us-east-1" });

    /// <summary>A second server that knows no key at all; the caller stops it.</summary>
    public static async Task<StrictServer> StartStrictAsync()
    {
        var (process, port) = await StartAsync(checksKeys: true);
        return new StrictServer(process, port);
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        Stop(server);
        gate.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static void Stop(Process? process)
    {
        if (process is { HasExited: false })
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process?.Dispose();
    }

    private static async Task<(Process Process, int Port)> StartAsync(bool checksKeys)
    {
        if (Find() is not { } program)
        {
            Assert.Skip(Missing);
            return default;
        }

        var port = FreePort();
        var start = new ProcessStartInfo(program, ["-H", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (checksKeys)
        {
            start.Environment["INITIAL_NO_AUTH_ACTION_COUNT"] = "0";
        }

        var process = Process.Start(start)!;
        var said = new List<string>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"moto_server ended at once: {string.Join('\n', said)}"));
        process.OutputDataReceived += Listen;
        process.ErrorDataReceived += Listen;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(2));
        return (process, port);

        void Listen(object sender, DataReceivedEventArgs line)
        {
            said.Add(line.Data ?? "");
            if (line.Data?.Contains("Running on", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "moto_server")).FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A server that refuses every key.</summary>
public sealed class StrictServer(Process process, int port) : IDisposable
{
    /// <summary>Port on loopback.</summary>
    public int Port => port;

    /// <inheritdoc />
    public void Dispose() => PrivateS3.Stop(process);
}
