using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Cli.Client;
using Orchestrator.Cli.Hosting;

namespace Orchestrator.Bench.WholeJob;

/// <summary>
/// The same job with all telemetry (scraped every second; metrics, traces and logs pushed over OTLP to a receiver that throws them
/// away) and with none, in turns in one process. Processor time is the figure to quote: it counts the receiver and the scraper too,
/// and a busy machine does not change it much.
/// </summary>
internal static class TelemetryCost
{
    /// <summary>The first is not counted: in it the runtime still compiles.</summary>
    private const int Cycles = 7;
    private const int Jobs = 2;

    private static readonly IReadOnlyList<BenchModel> Clip = BenchModel.Of("", several: false);

    public static async Task MeasureAsync(Dictionary<string, string?> settings, int images)
    {
        var sink = await StartSinkAsync();
        var cost = new Dictionary<bool, List<(double Processor, double Wall)>> { [true] = [], [false] = [] };
        Console.WriteLine("cycle   telemetry   processor s   wall s   (a job)");
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            foreach (var on in cycle % 2 == 0 ? new[] { true, false } : [false, true])
            {
                var (processor, wall) = await RunAsync(Settings(settings, sink, on, cycle), images, on, $"{cycle}-{on}");
                cost[on].Add((processor, wall));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cycle,-7} {(on ? "on" : "off"),9} {processor,13:F2} {wall,8:F2}"));
            }
        }

        var (with, without) = (Median(cost[true].Skip(1).Select(c => c.Processor)), Median(cost[false].Skip(1).Select(c => c.Processor)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"median processor time: {with:F2} s with, {without:F2} s without telemetry: {(with / without) - 1:+0.0 %;-0.0 %}"));
        await sink.DisposeAsync();
    }

    private static Dictionary<string, string?> Settings(Dictionary<string, string?> settings, WebApplication sink, bool on, int cycle) => new(settings)
    {
        ["Store:Path"] = $"telemetry-{cycle}-{on}.db",
        ["Telemetry:Enabled"] = on ? "true" : "false",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = on ? sink.Urls.First() : null,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    private static async Task<(double Processor, double Wall)> RunAsync(Dictionary<string, string?> settings, int images, bool scrape, string name)
    {
        await using var app = EmbeddedServer.Build(settings, quiet: true);
        await app.StartAsync();
        using var client = new OrchestratorClient(EmbeddedServer.AddressOf(app));
        using var stop = new CancellationTokenSource();
        var scraping = scrape ? ScrapeAsync(client.Server, stop.Token) : Task.CompletedTask;
        await CurationRun.RunAsync(client, Clip, images, $"{name}-warm-up");

        var before = Environment.CpuUsage.TotalTime;
        var wall = 0.0;
        for (var job = 0; job < Jobs; job++)
        {
            wall += (await CurationRun.RunAsync(client, Clip, images, $"{name}-{job}")).Whole.Seconds;
        }

        var processor = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        await stop.CancelAsync();
        await scraping;
        await app.StopAsync();
        return (processor / Jobs, wall / Jobs);
    }

    private static async Task ScrapeAsync(Uri server, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = server };
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await http.GetByteArrayAsync("metrics", cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The jobs are done.
        }
    }

    private static async Task<WebApplication> StartSinkAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/v1/{signal}", async (HttpContext context) => await context.Request.Body.CopyToAsync(Stream.Null));
        await app.StartAsync();
        return app;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
