using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Observability.Tests.Prometheus;

/// <summary>
/// A real Prometheus on loopback with the repository's configuration and rules, except that it scrapes and evaluates every
/// second. Stopped by its process id.
/// </summary>
internal sealed partial class PrometheusServer : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly string _folder;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, string folder, Uri address)
    {
        _process = process;
        _folder = folder;
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
    }

    /// <summary>Starts it; returns when it is ready. Skips the calling test where there is no Prometheus.</summary>
    public static async Task<PrometheusServer> StartAsync()
    {
        var program = Tool.Find("prometheus");
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        foreach (var file in Directory.EnumerateFiles(DashboardFiles.Prometheus, "*.yml", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(DashboardFiles.Prometheus, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllText(copy, File.ReadAllText(file).Replace("_interval: 5s", "_interval: 1s", StringComparison.Ordinal));
        }

        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo(program, [
            $"--config.file={Path.Combine(folder, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(folder, "data")}",
            $"--web.listen-address={address.Authority}", "--log.level=warn"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        var log = new StringBuilder();
        process.ErrorDataReceived += (_, line) => log.AppendLine(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var server = new PrometheusServer(process, folder, address);
        await server.UntilReadyAsync(log);
        return server;
    }

    /// <summary>Scrapes these from now on.</summary>
    public void Scrape(IEnumerable<Uri> targets)
    {
        var file = Path.Combine(_folder, "targets", "cluster.yml");
        File.WriteAllText(file + ".new", $"- targets: [{string.Join(", ", targets.Select(t => $"\"{t.Authority}\""))}]\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Series of an expression now.</summary>
    public Task<IReadOnlyList<PromSeries>> QueryAsync(string expression) =>
        GetAsync("api/v1/query", ("query", expression));

    /// <summary>Series of an expression at a time.</summary>
    public Task<IReadOnlyList<PromSeries>> QueryAtAsync(string expression, DateTimeOffset at) =>
        GetAsync("api/v1/query", ("query", expression), ("time", Seconds(at)));

    /// <summary>Series of an expression over a range, one sample a second and one at its very end.</summary>
    public Task<IReadOnlyList<PromSeries>> QueryRangeAsync(string expression, DateTimeOffset from, DateTimeOffset to) =>
        GetAsync(
            "api/v1/query_range",
            ("query", expression),
            ("start", Seconds(to - TimeSpan.FromSeconds(Math.Floor((to - from).TotalSeconds)))),
            ("end", Seconds(to)),
            ("step", "1"));

    /// <summary>Waits until an expression has a result.</summary>
    public async Task UntilAsync(string expression, TimeSpan limit)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        var began = Stopwatch.GetTimestamp();
        while (!(await QueryAsync(expression)).Any(s => s.HasData))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < limit, $"{expression} had no result within {limit}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited && kill(_process.Id, SigTerm) != 0)
        {
            throw new InvalidOperationException($"Could not signal Prometheus, process {_process.Id}.");
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UntilReadyAsync(StringBuilder log)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            try
            {
                using var ready = await _http.GetAsync("-/ready");
                if (ready.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            Assert.False(_process.HasExited, $"Prometheus ended before it was ready:\n{log}");
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task<IReadOnlyList<PromSeries>> GetAsync(string path, params (string Name, string Value)[] query)
    {
        using var content = new FormUrlEncodedContent(query.Select(q => KeyValuePair.Create(q.Name, q.Value)));
        using var response = await _http.PostAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{query[0].Value}: {text}");
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(PromSeries.Read)];
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000.0).ToString("F3", CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}

/// <summary>One series of a result.</summary>
internal sealed record PromSeries(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<double> Values)
{
    /// <summary>True where a value is a number.</summary>
    public bool HasData => Values.Any(v => !double.IsNaN(v));

    public static PromSeries Read(JsonElement series) => new(
        series.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!),
        [.. (series.TryGetProperty("values", out var values) ? values.EnumerateArray() : Enumerable.Repeat(series.GetProperty("value"), 1))
            .Select(pair => Number(pair[1].GetString()!))]);

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
