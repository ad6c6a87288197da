using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts;
using Orchestrator.ServiceDefaults;

namespace Orchestrator.Observability.Tests.Prometheus;

/// <summary>
/// A process that measures evaluation steps: the real instruments behind the real exporter, with steps made up here. Stands in
/// for an evaluation job, so that the expressions are tried on the names and buckets that one exports.
/// </summary>
internal sealed class EvaluationExporter : IAsyncDisposable
{
    private static readonly string[] Parts = ["draft", "verify", "accept", "kv", "host"];

    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _steps;

    private EvaluationExporter(WebApplication app)
    {
        _app = app;
        var meter = app.Services.GetRequiredService<IMeterFactory>().Create(TelemetryNames.EvaluationMeter);
        var tokens = TelemetryNames.EvaluationTokens.CounterOf<long>(meter);
        var lengths = TelemetryNames.EvaluationAcceptanceLength.HistogramOf<long>(meter);
        var times = TelemetryNames.EvaluationStepDuration.HistogramOf<double>(meter);
        _steps = StepAsync(tokens, lengths, times);
    }

    public Uri Address => new(_app.Urls.First());

    public static async Task<EvaluationExporter> StartAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync();
        return new EvaluationExporter(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _steps;
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private async Task StepAsync(Counter<long> tokens, Histogram<long> lengths, Histogram<double> times)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var step = 0; !_stop.IsCancellationRequested; step++)
        {
            foreach (var (method, drafted) in (ReadOnlySpan<(string, int)>)[("autoregressive", 0), ("draft-model", 4)])
            {
                var accepted = Math.Min(drafted, step % 5);
                KeyValuePair<string, object?> named = new(TelemetryNames.MethodTag, method);
                foreach (var (kind, count) in (ReadOnlySpan<(string, int)>)[("drafted", drafted), ("evaluated", drafted + 1), ("accepted", accepted), ("emitted", accepted + 1)])
                {
                    tokens.Add(count, named, new(TelemetryNames.KindTag, kind));
                }

                lengths.Record(accepted, named);
                foreach (var part in Parts)
                {
                    times.Record(0.004, named, new(TelemetryNames.PartTag, part));
                }
            }

            try
            {
                await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                // Disposed.
            }
        }
    }
}
