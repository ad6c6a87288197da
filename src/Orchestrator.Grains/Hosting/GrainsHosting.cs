using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Dispatch;
using Orchestrator.Grains.Jobs;

namespace Orchestrator.Grains.Hosting;

/// <summary>What a control process adds to its silo.</summary>
public static class GrainsHosting
{
    /// <summary>
    /// Adds what the job and dispatcher grains need, and the service that takes up unfinished jobs. Call it after the silo
    /// was added, so that the service starts when grains can be called. The caller registers <c>IJobStore</c> and one
    /// <c>IJobPlan</c> per kind.
    /// </summary>
    public static IServiceCollection AddOrchestratorGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddOptions<DispatchOptions>().BindConfiguration(DispatchOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DispatchOptions>, DispatchOptionsValidator>();
        services.AddOptions<TenantsOptions>().BindConfiguration(TenantsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TenantsOptions>, TenantsOptionsValidator>();
        services.TryAddSingleton(new DispatchChance(Random.Shared.NextDouble));
        services.TryAddSingleton<DispatchInstruments>();
        services.TryAddSingleton<JobPlans>();
        services.TryAddSingleton<IJobPlaces, NoJobPlaces>();
        services.AddSingleton<IIncomingGrainCallFilter, StoreFaultFilter>();
        services.AddHostedService<UnfinishedJobsService>();
        return services;
    }
}
