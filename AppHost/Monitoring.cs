using Aspire.Hosting.ApplicationModel;

namespace Orchestrator.AppHost;

/// <summary>
/// Collector, Prometheus and Grafana, configured by the files of <c>dashboards/</c>. Processes push to the collector, which feeds
/// the Aspire dashboard and Prometheus: scraping a proxied port would reach a random replica.
/// </summary>
internal static class Monitoring
{
    private const string Dashboards = "../dashboards";

    /// <summary>Adds them; returns the collector.</summary>
    public static IResourceBuilder<ContainerResource> Add(IDistributedApplicationBuilder builder)
    {
        var publishing = builder.ExecutionContext.IsPublishMode;
        var dashboard = publishing ? "http://compose-dashboard:18889" : builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? "";

        // Its name is also the host that dashboards/prometheus/targets/cluster.yml scrapes.
        var collector = builder.AddContainer("otel-collector", "otel/opentelemetry-collector-contrib", "0.135.0")
            .WithBindMount($"{Dashboards}/otel-collector", "/etc/otel-collector", isReadOnly: true)
            .WithArgs("--config=/etc/otel-collector/collector.yml")
            .WithEnvironment("ASPIRE_INSECURE", dashboard.StartsWith("http:", StringComparison.Ordinal) ? "true" : "false")
            .WithEnvironment("ASPIRE_API_KEY", builder.Configuration["AppHost:OtlpApiKey"] ?? "")
            .WithHttpEndpoint(targetPort: 4317, name: "grpc")
            .WithHttpEndpoint(targetPort: 4318, name: "http")
            .WithHttpEndpoint(targetPort: 9464, name: "metrics");

        // HostUrl: what is localhost here has another name inside a container.
        collector = publishing
            ? collector.WithEnvironment("ASPIRE_ENDPOINT", dashboard)
            : collector.WithEnvironment(context => context.EnvironmentVariables["ASPIRE_ENDPOINT"] = new HostUrl(dashboard));

        var prometheus = builder.AddContainer("prometheus", "prom/prometheus", "v3.5.0")
            .WithBindMount($"{Dashboards}/prometheus", "/etc/prometheus", isReadOnly: true)
            .WithArgs("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus")
            .WithVolume("orchestrator-prometheus", "/prometheus")
            .WithHttpEndpoint(targetPort: 9090, name: "http")
            .WithHttpHealthCheck("/-/ready")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Prometheus")
            .WaitForStart(collector);

        var admin = builder.AddParameter("grafana-password", new GenerateParameterDefault { MinLength = 20, Special = false }, secret: true, persist: true);
        builder.AddContainer("grafana", "grafana/grafana", "12.1.1")
            .WithBindMount($"{Dashboards}/grafana/provisioning", "/etc/grafana/provisioning", isReadOnly: true)
            .WithBindMount($"{Dashboards}/grafana/dashboards", "/var/lib/grafana/dashboards", isReadOnly: true)
            .WithVolume("orchestrator-grafana", "/var/lib/grafana")
            .WithEnvironment("PROMETHEUS_URL", prometheus.GetEndpoint("http"))
            .WithEnvironment("GF_SECURITY_ADMIN_PASSWORD", admin)

            // On the developer's own machine everybody may look; a published one asks for the password.
            .WithEnvironment("GF_AUTH_ANONYMOUS_ENABLED", publishing ? "false" : "true")
            .WithEnvironment("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "/var/lib/grafana/dashboards/orchestrator-cluster.json")
            .WithHttpEndpoint(targetPort: 3000, name: "http")
            .WithExternalHttpEndpoints()
            .WithHttpHealthCheck("/api/health")
            .WithUrlForEndpoint("http", url => url.DisplayText = "Grafana")
            .WaitFor(prometheus);
        return collector;
    }

    /// <summary>Sends logs, metrics and traces to the collector rather than straight to the Aspire dashboard.</summary>
    public static IResourceBuilder<ProjectResource> WithTelemetryTo(
        this IResourceBuilder<ProjectResource> project, IResourceBuilder<ContainerResource> collector) => project
            .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", collector.GetEndpoint("grpc"))
            .WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
            .WaitForStart(collector);
}
