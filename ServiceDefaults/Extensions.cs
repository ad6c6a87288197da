using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Orchestrator.ServiceDefaults;

/// <summary>What every process of the system has: telemetry, health checks, service discovery and resilient HTTP clients.</summary>
public static class Extensions
{
    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";
    private const string MetricsPath = "/metrics";
    private const string LiveTag = "live";

    /// <summary>Adds telemetry, the health check <c>self</c>, service discovery and resilient HTTP clients.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        foreach (var category in (string[])["Orleans", "Microsoft.Orleans", "Polly"])
        {
            // These tell much at Information; who wants it says so in the settings.
            if (builder.Configuration[$"Logging:LogLevel:{category}"] is null)
            {
                builder.Logging.AddFilter(category, LogLevel.Warning);
            }
        }

        builder.AddTelemetry();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>
    /// Collects metrics, which can be scraped in any case. Where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set (Aspire sets it) they
    /// are pushed over OTLP as well, with logs and traces, which nobody would see otherwise. <c>Telemetry:Enabled=false</c> turns
    /// all of it off; it is there to measure what telemetry costs.
    /// </summary>
    public static TBuilder AddTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        if (!IsEnabled(builder.Configuration))
        {
            return builder;
        }

        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource =>
        {
            if (builder.Configuration["OTEL_SERVICE_NAME"] is null)
            {
                resource.AddService(builder.Environment.ApplicationName);
            }
        }).WithMetrics(metrics => metrics
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddRuntimeInstrumentation()
            .AddMeter("Orchestrator.*", "Microsoft.Orleans")

            // Over OTLP, a histogram's buckets name traces of values that fell into them.
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddPrometheusExporter());
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return builder;
        }

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        telemetry
            .WithTracing(tracing => tracing
                .SetSampler(new ParentBasedSampler(new RootSampler()))
                .AddSource("Orchestrator", "Orchestrator.*", "Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application")
                .AddAspNetCoreInstrumentation(web => web.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation())
            .UseOtlpExporter();
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (every check: ready for work), <c>/alive</c> (the process answers) and <c>/metrics</c> (Prometheus). In every
    /// environment and without a key: probes and scrapers have none, and none of the three says anything about jobs' data.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks(HealthPath).AllowAnonymous();
        app.MapHealthChecks(AlivePath, new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) }).AllowAnonymous();
        if (IsEnabled(app.Configuration))
        {
            app.MapPrometheusScrapingEndpoint(MetricsPath).AllowAnonymous();
        }

        return app;
    }

    /// <summary>Runs until the process is told to stop. Being told so while it still waits to start is an ordinary end, too.</summary>
    public static async Task RunUntilStoppedAsync(this WebApplication app)
    {
        try
        {
            await app.RunAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await app.DisposeAsync();
        }
    }

    private static bool IsEnabled(IConfiguration configuration) => configuration.GetValue("Telemetry:Enabled", true);

    private static bool IsProbe(Microsoft.AspNetCore.Http.PathString path) =>
        path.StartsWithSegments(HealthPath) || path.StartsWithSegments(AlivePath) || path.StartsWithSegments(MetricsPath);
}
