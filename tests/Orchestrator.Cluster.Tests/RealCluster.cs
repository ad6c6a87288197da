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
    private ServerProcess? _api;

    public RealCluster(string connectionString, string folder)
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
    }

    public string Folder { get; }

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
        var (process, _) = await ServerProcess.StartAsync("Orchestrator.Worker", settings);
        lock (_workers)
        {
            _workers[id] = process;
        }
    }

    /// <summary>Kills the worker with -9.</summary>
    public Task KillAsync(string id) => _workers[id].KillAsync();

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
