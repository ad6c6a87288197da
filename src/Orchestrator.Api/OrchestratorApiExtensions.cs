using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Options;
using Orchestrator.Api.Pages;
using Orchestrator.Api.Schedules;
using Orchestrator.Api.Submission;
using Orchestrator.Api.Webhooks;
using Orchestrator.Api.Workers;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Jobs;
using Orchestrator.ServiceDefaults;
using Orleans.Dashboard;

namespace Orchestrator.Api;

/// <summary>
/// The control plane of a process: store, grains, REST. The silo comes from <c>UseOrchestratorCluster</c>, so that the
/// process that also works has one silo with both roles.
/// </summary>
public static class OrchestratorApiExtensions
{
    /// <summary>Adds everything that <see cref="MapOrchestratorApi"/> needs.</summary>
    public static IHostApplicationBuilder AddOrchestratorApi(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.AddSingleton<IValidateOptions<LimitsOptions>, LimitsOptionsValidator>();
        services.AddSingleton<StoragePaths>();
        services.AddConfiguredJobStore();
        services.AddSingleton<IJobPlan, CurationPlan>();
        services.AddSingleton<IJobPlan, EvaluationPlan>();
        services.AddSingleton<IJobPlan, SelectionPlan>();
        services.AddSingleton<IJobPlaces, JobPlaces>();
        services.AddOrchestratorGrains();

        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ServerLimits>();
        services.AddSingleton<StreamSlots>();
        services.AddApiKeys();
        services.AddApiDocument();
        services.AddProblemDetails();
        services.AddPages();
        services.AddExceptionHandler<FaultHandler>();
        services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        services.AddSingleton<ScoreFolderCheck>();
        services.AddSingleton<IDocumentPlanner, CurationPlanner>();
        services.AddSingleton<IDocumentPlanner, SelectionPlanner>();
        services.AddSingleton<IDocumentPlanner, EvaluationPlanner>();
        services.AddSingleton<DocumentPlanners>();
        services.AddSingleton<TenantQuotas>();
        services.AddSingleton<IJobSubmitter, JobSubmitter>();
        services.AddSchedulesAndWebhooks();
        services.AddSingleton<WorkerDirectory>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<ResultReader>();
        services.AddSingleton<ArtifactFolder>();
        return builder;
    }

    /// <summary>What a control silo hosts besides its grains; for <c>UseOrchestratorCluster(role, configure)</c>.</summary>
    public static void AddControlSilo(ISiloBuilder silo) => silo.AddDashboard();

    /// <summary>Maps every route.</summary>
    public static WebApplication MapOrchestratorApi(this WebApplication app)
    {
        // The host checks too, but only after it has made its services, the first of which would report its own mistakes alone.
        app.Services.GetRequiredService<IStartupValidator>().Validate();

        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();

        var api = app.MapGroup("/api/v1");
        SubmitEndpoints.Map(api);
        JobEndpoints.Map(api);
        CommandEndpoints.Map(api);
        ShardEndpoints.Map(api);
        EventEndpoints.Map(api);
        ResultEndpoints.Map(api);
        WorkerEndpoints.Map(api);
        ModelEndpoints.Map(api);
        TenantEndpoints.Map(api);
        ScheduleEndpoints.Map(api);
        WebhookEndpoints.Map(api);

        app.MapPages();
        app.MapDefaultEndpoints();
        app.MapApiDocument();
        app.MapOrleansDashboard("/dashboard").RequireAuthorization(Roles.Operator);
        return app;
    }
}
