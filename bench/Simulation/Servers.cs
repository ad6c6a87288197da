using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orchestrator.Api;
using Orchestrator.Api.Submission;
using Orchestrator.Contracts.Hosting;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;
using Orchestrator.ServiceDefaults;
using Orchestrator.Simulation.Faults;
using Orchestrator.Worker.Agent;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Evaluation;
using Orchestrator.Worker.Execution;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Simulation;

/// <summary>Composes the servers as their own <c>Program.cs</c> do, and puts the faults in between.</summary>
internal static class Servers
{
    public static WebApplication Api(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        AddClock(builder);
        builder.AddServiceDefaults();
        builder.UseOrchestratorCluster(SiloRole.Control, OrchestratorApiExtensions.AddControlSilo);
        builder.AddOrchestratorApi();
        builder.Services.AddSingleton<IJobPlan, SimulatedPlan>();
        builder.Services.AddSingleton<IDocumentPlanner, SimulatedPlanner>();
        if (!Faults(builder).Fencing)
        {
            Decorate<IJobStore>(builder.Services, (inner, _) => UnfencedStore.Around(inner, builder.Configuration.GetConnectionString("orchestrator")!));
        }

        var app = builder.Build();
        app.MapOrchestratorApi();
        return app;
    }

    public static WebApplication Worker(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        AddClock(builder);
        builder.AddServiceDefaults();
        builder.UseOrchestratorCluster(SiloRole.Worker);
        builder.AddOrchestratorWorker();
        builder.Services.AddCuration();
        builder.Services.AddEvaluation();
        builder.Services.AddSingleton<IShardExecutor, SimulatedExecutor>();
        builder.ListenAsWorker();
        var faults = Faults(builder);
        if (faults.Folder is not null)
        {
            Decorate<IShardExecutor>(builder.Services, (inner, services) =>
                new FaultyExecutor(inner, faults.Folder, services.GetRequiredService<TimeProvider>()));
        }

        if (faults.LateShare > 0 || faults.DuplicateShare > 0)
        {
            Decorate<IDispatchClient>(builder.Services, (inner, services) =>
                new FaultyDispatchClient(inner, faults, services.GetRequiredService<TimeProvider>()));
        }

        var app = builder.Build();
        app.MapDefaultEndpoints();
        return app;
    }

    /// <summary>Before everything else, so that the product finds this clock and not the system's.</summary>
    private static void AddClock(IHostApplicationBuilder builder)
    {
        if (Faults(builder) is { Folder: { } folder, Clock: { } clock })
        {
            builder.Services.AddSingleton<TimeProvider>(new SteppedClock(Path.Combine(folder, $"clock-{clock}")));
        }
    }

    private static FaultSettings Faults(IHostApplicationBuilder builder) =>
        builder.Configuration.GetSection(FaultSettings.Section).Get<FaultSettings>() ?? new();

    private static void Decorate<T>(IServiceCollection services, Func<T, IServiceProvider, T> wrap)
        where T : class
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i] is { IsKeyedService: false } inner && inner.ServiceType == typeof(T))
            {
                services[i] = ServiceDescriptor.Singleton(provider => wrap(
                    (T)(inner.ImplementationInstance
                        ?? inner.ImplementationFactory?.Invoke(provider)
                        ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
                    provider));
            }
        }
    }
}
