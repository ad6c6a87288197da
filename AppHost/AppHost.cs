// The whole system on one machine, and what watches it: PostgreSQL, one control process, workers, an OpenTelemetry collector,
// Prometheus, Grafana.
//   dotnet run --project AppHost -- --Worker:Replicas=4
//   dotnet run --project AppHost -p:OrtFlavor=cuda -- --Worker:Device=cuda:0
//   aspire publish --project AppHost          writes a compose file with the same replicas
using Aspire.Hosting.ApplicationModel;
using Orchestrator.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
var settings = HostSettings.Read(builder);
Publishing.AddCompose(builder);

// The password outlives the run because the data volume does; it is generated once and kept in the user secrets.
var password = builder.AddParameter("pg-password", new GenerateParameterDefault { MinLength = 20, Special = false }, secret: true, persist: true);
var postgres = builder.AddPostgres("postgres", password: password)
    .WithImageTag("17")
    .WithDataVolume("orchestrator-pgdata")
    .WithLifetime(ContainerLifetime.Persistent);
var database = postgres.AddDatabase("orchestrator");
var collector = Monitoring.Add(builder);

// Why no AddOrleans(...).WithClustering(...): it announces a provider type that Orleans 10.4 does not know, and hands the
// address over under a key that its ADO.NET provider does not read. Our silos configure membership themselves from
// Cluster:Provider and the connection string named "orchestrator", which is just what WithReference(database) sets.
var api = builder.AddProject<Projects.Orchestrator_Api>("api")
    .WithReference(database)
    .WithClusterSettings(settings)
    .WithTelemetryTo(collector)

    // Not proxied: the command line finds the server at its usual address.
    .WithHttpEndpoint(port: 8080, name: "http", isProxied: false)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health")
    .WithUrlForEndpoint("http", url =>
    {
        url.DisplayText = "REST API";
        url.Url = "/docs";
    })
    .WithSubmitDemoCommand(settings)
    .PublishWithKey(builder)
    .WaitFor(database);

// After the control process: it makes or upgrades the tables, those of membership included, and workers only ask it for work.
builder.AddProject<Projects.Orchestrator_Worker>("worker")
    .WithReference(database)
    .WithClusterSettings(settings)
    .WithWorkerSettings(settings)
    .WithTelemetryTo(collector)
    .WithHttpEndpoint(name: "http")
    .WithHttpHealthCheck("/health")
    .WithReplicas(settings.Replicas)
    .WithDrainCommand(api)
    .PublishWithReplicas(settings)
    .WaitFor(api);

builder.Build().Run();
