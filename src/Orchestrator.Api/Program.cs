using Orchestrator.Api;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.UseOrchestratorCluster(SiloRole.Control, OrchestratorApiExtensions.AddControlSilo);
builder.AddOrchestratorApi();

var app = builder.Build();
app.MapOrchestratorApi();
await app.RunUntilStoppedAsync();
