using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>What a cluster under faults is made of.</summary>
/// <param name="Apis">Api processes.</param>
/// <param name="Workers">Worker processes.</param>
/// <param name="Slots">Slots of each worker.</param>
/// <param name="Settings">Further settings of every process.</param>
/// <param name="Simulated">Whether every process is of the simulation host, which takes jobs of kind <c>simulated</c>; else only the last worker is.</param>
/// <param name="Namespace">Whether the first worker lives behind a cable, where this machine lets us.</param>
internal sealed record ClusterShape(
    int Apis, int Workers, int Slots, IReadOnlyDictionary<string, string> Settings, bool Simulated = false, bool Namespace = false);

/// <summary>
/// Several Api processes and several workers on one PostgreSQL of their own, each started again when it ends, with a disk of
/// their own and, where the machine lets us, one worker behind a cable. Nothing here knows what a fault is.
/// </summary>
internal sealed partial class FaultCluster : IAsyncDisposable
{
    private readonly List<Member> members = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(15) };
    private readonly ClusterShape shape;
    private readonly Dictionary<string, Uri> urls = [];
    private volatile string? dispatcherHost;

    private FaultCluster(ClusterShape shape, SmallDisk disk, NetworkNamespace? cable, string? noCable)
    {
        (this.shape, Disk, Cable, WhyNoCable) = (shape, disk, cable, noCable);
        Postgres = new PrivatePostgres { AlsoListen = cable?.HostAddress };
    }

    public PrivatePostgres Postgres { get; }

    public SmallDisk Disk { get; }

    public NetworkNamespace? Cable { get; }

    public string? WhyNoCable { get; }

    public string ConnectionString { get; private set; } = "";

    /// <summary>Reads the rows beside the cluster.</summary>
    public IJobStore Store { get; private set; } = null!;

    public IReadOnlyList<Member> Apis => [.. members.Where(member => member.Name.StartsWith("api", StringComparison.Ordinal))];

    public IReadOnlyList<Member> Workers => [.. members.Where(member => member.Name.StartsWith('w'))];

    /// <summary>The Api process in which the dispatcher was activated last; job grains of its jobs are found by <see cref="HostOf"/>.</summary>
    public Member DispatcherHost => Apis.FirstOrDefault(api => api.Name == dispatcherHost) ?? Apis[0];

    /// <summary>Folder whose files switch faults of the simulation host on.</summary>
    public string Switches => Directory.CreateDirectory(Path.Combine(Disk.Path, "switches")).FullName;

    public static async Task<FaultCluster> StartAsync(ClusterShape shape)
    {
        var (cable, why) = shape.Namespace ? await NetworkNamespace.TryCreateAsync() : (null, "not asked for");
        var cluster = new FaultCluster(shape, await SmallDisk.CreateAsync(), cable, why);
        try
        {
            cluster.ConnectionString = await cluster.Postgres.CreateDatabaseAsync();
            cluster.Store = JobStores.Create(
                new JobStoreOptions { Provider = JobStoreProvider.Postgres, ConnectionString = cluster.ConnectionString, RetryFor = TimeSpan.FromSeconds(60) },
                TimeProvider.System);

            // Workers first and all Apis at once: the workers wait for the tables, one Api makes them.
            for (var i = 1; i <= shape.Workers; i++)
            {
                cluster.Add($"w{i}", cluster.WorkerOf(i));
            }

            for (var i = 1; i <= shape.Apis; i++)
            {
                cluster.Add($"api{i}", cluster.ApiOf(i));
            }

            await Wait.UntilAsync(() => Task.FromResult(cluster.members.All(member => member.Process.Listening.IsCompletedSuccessfully)), TimeSpan.FromMinutes(10));
            await cluster.Store.InitializeAsync(Token);
            await Wait.UntilAsync(async () => await cluster.WorkerCountAsync() >= shape.Workers, TimeSpan.FromMinutes(10));
            return cluster;
        }
        catch (Exception)
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Submits through whichever Api answers, as often as it takes; the key makes that once.</summary>
    public async Task<JobId> SubmitAsync(JsonObject document, int? api = null)
    {
        var key = Guid.NewGuid().ToString("n");
        JobId? id = null;
        var turn = 0;
        await Wait.UntilAsync(
            async () =>
            {
                using var post = new HttpRequestMessage(HttpMethod.Post, new Uri(UrlOf(api ?? turn++), "/api/v1/jobs"))
                {
                    Content = new StringContent(document.ToJsonString(), Encoding.UTF8, "application/json"),
                };
                post.Headers.Add("Idempotency-Key", key);
                using var answer = await http.SendAsync(post, Token);
                var body = await answer.Content.ReadAsStringAsync(Token);
                Assert.False((int)answer.StatusCode is 400 or 409 or 422, body);
                id = answer.IsSuccessStatusCode ? JobId.Parse(JsonElement.Parse(body).GetProperty("id").GetString()!) : null;
                return id is not null;
            },
            TimeSpan.FromMinutes(2));
        return id!.Value;
    }

    /// <summary>A command to a job, through one Api or through whichever answers.</summary>
    public async Task CommandAsync(JobId id, string verb, int? api = null)
    {
        var turn = 0;
        await Wait.UntilAsync(
            async () =>
            {
                using var answer = await http.PostAsync(new Uri(UrlOf(api ?? turn++), $"/api/v1/jobs/{id}/{verb}"), null, Token);
                return answer.IsSuccessStatusCode;
            },
            TimeSpan.FromMinutes(1));
    }

    /// <summary>JSON of a path of one Api, asked for until it answers.</summary>
    public async Task<JsonElement> GetAsync(string path, int api)
    {
        JsonElement json = default;
        await Wait.UntilAsync(
            async () =>
            {
                json = JsonElement.Parse(await http.GetStringAsync(new Uri(UrlOf(api), path), Token));
                return true;
            },
            TimeSpan.FromMinutes(1));
        return json;
    }

    /// <summary>The Api that last moved the job from state to state: the host of its grain.</summary>
    public Member HostOf(JobId id) =>
        Apis.OrderByDescending(api => LastMove(api.Process.Log, id)).First() is var host && LastMove(host.Process.Log, id) > DateTime.MinValue ? host : DispatcherHost;

    public async Task<JobRecord> JobAsync(JobId id) => (await Store.GetJobAsync(id, Token))!;

    /// <summary>Waits for the job to end.</summary>
    public async Task<JobRecord> WhenEndedAsync(JobId id, TimeSpan limit)
    {
        JobRecord? job = null;
        await Wait.UntilAsync(async () => (job = await JobAsync(id)).State.IsTerminal(), limit);
        return job!;
    }

    /// <summary>Waits until at least this many attempts of all jobs have been committed.</summary>
    public async Task WhenCommittedAsync(long count, TimeSpan limit) =>
        await Wait.UntilAsync(async () => await CommittedAsync() >= count, limit);

    public Task<long> CommittedAsync() => ScalarAsync("SELECT count(*) FROM attempts WHERE outcome = 'committed'");

    public async Task<long> ScalarAsync(string sql) => Convert.ToInt64(await ValueAsync(sql), CultureInfo.InvariantCulture);

    public async Task<string> TextAsync(string sql) => Convert.ToString(await ValueAsync(sql), CultureInfo.InvariantCulture) ?? "";

    private async Task<object?> ValueAsync(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var member in members)
        {
            await member.DisposeAsync();
        }

        if (Store is not null)
        {
            await Store.DisposeAsync();
        }

        Npgsql.NpgsqlConnection.ClearAllPools();
        await Postgres.DisposeAsync();
        await Disk.DisposeAsync();
        if (Cable is not null)
        {
            await Cable.DisposeAsync();
        }
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Uri UrlOf(int api) => urls[$"api{1 + (api % shape.Apis)}"];

    private async Task<long> WorkerCountAsync() =>
        (await GetAsync("/api/v1/workers", 0)).EnumerateArray().Count(worker => worker.GetProperty("models").GetArrayLength() > 0);

    private void Add(string name, Func<ServerProcess> launch) => members.Add(new Member(name, launch));

    private Dictionary<string, string> Common(string host)
    {
        var settings = new Dictionary<string, string>
        {
            ["Cluster:Provider"] = "postgres",
            ["ConnectionStrings:orchestrator"] = ConnectionString.Replace("Host=127.0.0.1", $"Host={host}", StringComparison.Ordinal),
            ["Storage:BaseDirectory"] = Disk.Path,
            ["Models:Roots:0"] = Path.Combine(RealCluster.RepositoryRoot(), "samples", "models"),
            ["Inference:IntraOpThreads"] = "1",
            ["Inference:CpuThreads"] = "1",
            // Processes are started by the dozen here, and nobody scrapes them.
            ["Telemetry:Enabled"] = "false",

            // Only the measurements need the profile that ships; elsewhere a starved test machine must not add faults of its own.
            ["Cluster:ProbeTimeout"] = "00:00:02",
            ["Logging:Console:FormatterName"] = "simple",
            ["Logging:Console:FormatterOptions:TimestampFormat"] = "O",
            ["Logging:Console:FormatterOptions:SingleLine"] = "true",
        };
        if (Cable is not null)
        {
            settings["Cluster:AdvertisedAddress"] = Cable.HostAddress;
        }

        foreach (var (name, value) in shape.Settings)
        {
            settings[name] = value;
        }

        return settings;
    }

    private Func<ServerProcess> ApiOf(int i)
    {
        var settings = Common("127.0.0.1");
        urls[$"api{i}"] = new Uri($"http://127.0.0.1:{FreePort()}");
        settings["Urls"] = urls[$"api{i}"].ToString();
        if (shape.Simulated)
        {
            settings["Simulation:Folder"] = Switches;
        }

        return () => ServerProcess.Launch(
            shape.Simulated ? "Orchestrator.Simulation" : "Orchestrator.Api", settings, arguments: shape.Simulated ? ["api"] : [],
            onLine: line => dispatcherHost = line.Contains("Dispatcher default reads", StringComparison.Ordinal) ? $"api{i}" : dispatcherHost);
    }

    private Func<ServerProcess> WorkerOf(int i)
    {
        var behindCable = i == 1 && Cable is not null;
        var settings = Common(behindCable ? Cable!.HostAddress : "127.0.0.1");
        settings["Worker:Id"] = $"w{i}";
        settings["Worker:HttpUrl"] = "http://127.0.0.1:0";
        settings["Worker:Slots"] = shape.Slots.ToString(CultureInfo.InvariantCulture);
        settings["Worker:MaxPrefetch"] = shape.Settings.GetValueOrDefault("Worker:MaxPrefetch", "0");
        if (behindCable)
        {
            settings["Cluster:AdvertisedAddress"] = Cable!.InnerAddress;
        }

        var simulated = shape.Simulated || i == shape.Workers;
        if (simulated)
        {
            settings["Simulation:Folder"] = Switches;
        }

        return () => ServerProcess.Launch(
            simulated ? "Orchestrator.Simulation" : "Orchestrator.Worker", settings, behindCable ? Cable!.Enter : [], simulated ? ["worker"] : []);
    }

    private static DateTime LastMove(string log, JobId id)
    {
        var at = log.LastIndexOf($"Job {id}: ", StringComparison.Ordinal);
        return at >= 0 && Timestamp().Match(log, log.LastIndexOf('\n', at) + 1) is { Success: true } match
            ? DateTime.Parse(match.Value, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
            : DateTime.MinValue;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Timestamp();
}
