using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Hosting;
using Orchestrator.Persistence;
using Orchestrator.Worker.Execution;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Bench.ControlPlane;

/// <summary>The control plane and one worker of 16 slots in this process.</summary>
internal static class BenchServer
{
    public static WebApplication Build(JobStoreOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["Worker:Slots"] = "16",
            ["Cluster:ClusterId"] = $"bench-{Guid.NewGuid():n}",
        });
        builder.Logging.ClearProviders();
        builder.UseOrchestratorCluster(SiloRole.ControlAndWorker);
        builder.Services.AddJobStore(_ => options);
        builder.Services.AddSingleton<IJobPlan, NoOpPlan>();
        builder.Services.AddSingleton<IShardExecutor, NoOpExecutor>();
        builder.Services.AddOrchestratorGrains();
        builder.AddOrchestratorWorker();
        return builder.Build();
    }
}
