using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.ServiceDefaults;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Evaluation;
using Orchestrator.Worker.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.UseOrchestratorCluster(SiloRole.Worker);

// After the silo: services stop in reverse order, and the worker hands its leases back through the silo.
builder.AddOrchestratorWorker();
builder.Services.AddCuration();
builder.Services.AddEvaluation();
builder.ListenAsWorker();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunUntilStoppedAsync();
