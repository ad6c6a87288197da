using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Orchestrator.Api.Jobs;
using Orchestrator.Cli.Client;

namespace Orchestrator.Cluster.Tests;

/// <summary>An Api process and worker processes on one PostgreSQL database, with a folder of their own.</summary>
internal sealed class RealCluster : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly Dictionary<string, ServerProcess> _workers = [];
    private readonly Dictionary<string, Uri> _addresses = [];
    private ServerProcess? _api;

    /// <param name="connectionString">An empty database.</param>
    /// <param name="folder">Base directory of the processes.</param>
    /// <param name="more">Further settings of every process; names with two underscores or colons.</param>
    public RealCluster(string connectionString, string folder, IReadOnlyDictionary<string, string>? more = null)
    {
        Folder = folder;
        _settings = new Dictionary<string, string>
        {
            ["Cluster:Provider"] = "postgres",
            ["ConnectionStrings:orchestrator"] = connectionString,
            ["Storage:BaseDirectory"] = folder,
            ["Models:Roots:0"] = Path.Combine(RepositoryRoot(), "samples", "models"),
            ["Inference:IntraOpThreads"] = "1",
            ["Inference:CpuThreads"] = "1",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>())
        {
            _settings[name] = value;
        }
    }

    public string Folder { get; }

    /// <summary>Web servers of the workers, by id.</summary>
    public IReadOnlyDictionary<string, Uri> WorkerAddresses => _addresses;

    public OrchestratorClient Client { get; private set; } = null!;

    public async Task StartAsync(int workers)
    {
        (_api, var address) = await ServerProcess.StartAsync("Orchestrator.Api", _settings.Append(new("Urls", "http://127.0.0.1:0")));
        Client = new OrchestratorClient(address);
        await Task.WhenAll(Enumerable.Range(1, workers).Select(i => AddWorkerAsync($"w{i}")));
        await UntilAsync(async () => (await Client.WorkersAsync(Token)).Count(w => w.Models.Count > 0) == workers);
    }

    public async Task AddWorkerAsync(string id)
    {
        var settings = _settings.Append(new("Worker:Id", id)).Append(new("Worker:HttpUrl", "http://127.0.0.1:0"));
        var (process, address) = await ServerProcess.StartAsync("Orchestrator.Worker", settings);
        lock (_workers)
        {
            _workers[id] = process;
            _addresses[id] = address;
        }
    }

    /// <summary>Kills the worker with -9.</summary>
    public Task KillAsync(string id) => _workers[id].KillAsync();

    /// <summary>Stops a worker in its tracks, or lets it go on.</summary>
    public void Suspend(string id, bool suspended) => _workers[id].Suspend(suspended);

    /// <summary>Ends every process in the ordinary way, workers first.</summary>
    public async Task TerminateAsync()
    {
        await Task.WhenAll(_workers.Values.Select(worker => worker.TerminateAsync()));
        await _api!.TerminateAsync();
    }

    /// <summary>Submits and waits for the end; <paramref name="onEvent"/> sees each event.</summary>
    public async Task<JobResult> RunAsync(JsonObject document, Func<EventView, Task>? onEvent = null)
    {
        var job = await Client.SubmitAsync(document, Token);
        await foreach (var e in Client.EventsAsync(job.Id, 0, Token))
        {
            await (onEvent?.Invoke(e) ?? Task.CompletedTask);
        }

        return await Client.ResultAsync(job.Id, Token);
    }

    /// <summary>Relative path and sha256 of each file below a folder.</summary>
    public static SortedDictionary<string, string> Digests(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f)))),
        StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        foreach (var process in _workers.Values)
        {
            await process.DisposeAsync();
        }

        if (_api is not null)
        {
            await _api.DisposeAsync();
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    internal static string RepositoryRoot()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at!.FullName, "Orchestrator.sln")))
        {
            at = at.Parent;
        }

        return at.FullName;
    }
}
