// The whole system on one machine: PostgreSQL, one control process, as many workers as asked for.
//   dotnet run --project AppHost -- --Worker:Replicas=4
using Aspire.Hosting.ApplicationModel;

var builder = DistributedApplication.CreateBuilder(args);
var replicas = int.TryParse(builder.Configuration["Worker:Replicas"], out var asked) && asked > 0 ? asked : 2;

// Jobs name files below this folder; models are looked for in its samples. Both are settings of the processes, not of Aspire.
var root = Path.GetFullPath(builder.Configuration["Storage:BaseDirectory"] ?? Path.Combine(builder.AppHostDirectory, ".."));
var models = Path.GetFullPath(builder.Configuration["Models:Root"] ?? Path.Combine(root, "samples", "models"));

// The password outlives the run because the data volume does; it is generated once and kept in the user secrets.
var password = builder.AddParameter("pg-password", new GenerateParameterDefault { MinLength = 20, Special = false }, secret: true, persist: true);
var postgres = builder.AddPostgres("postgres", password: password)
    .WithImageTag("17")
    .WithDataVolume("orchestrator-pgdata")
    .WithLifetime(ContainerLifetime.Persistent);
var database = postgres.AddDatabase("orchestrator");

// Why no AddOrleans(...).WithClustering(...): it announces a provider type that Orleans 10.4 does not know, and hands the
// address over under a key that its ADO.NET provider does not read. Our silos configure membership themselves from
// Cluster:Provider and the connection string named "orchestrator", which is just what WithReference(database) sets.
var api = builder.AddProject<Projects.Orchestrator_Api>("api")
    .WithReference(database)
    .WithEnvironment("Cluster__Provider", "postgres")
    .WithEnvironment("Storage__BaseDirectory", root)

    // Not proxied: the command line finds the server at its usual address.
    .WithHttpEndpoint(port: 8080, name: "http", isProxied: false)
    .WithHttpHealthCheck("/health")
    .WithUrlForEndpoint("http", url =>
    {
        url.DisplayText = "REST API";
        url.Url = "/docs";
    })
    .WaitFor(database);

// After the control process: it makes the tables, those of membership included, and workers only ask it for work.
builder.AddProject<Projects.Orchestrator_Worker>("worker")
    .WithReference(database)
    .WithEnvironment("Cluster__Provider", "postgres")
    .WithEnvironment("Storage__BaseDirectory", root)
    .WithEnvironment("Models__Roots__0", models)
    .WithHttpEndpoint(name: "http")
    .WithHttpHealthCheck("/health")
    .WithReplicas(replicas)
    .WaitFor(api);

builder.Build().Run();
