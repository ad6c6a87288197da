using Microsoft.Extensions.DependencyInjection.Extensions;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Registers what evaluations of speculative decoding need on a worker; comes after <see cref="CurationHosting.AddCuration"/>, whose models and roots it shares.</summary>
public static class EvaluationHosting
{
    /// <summary>Adds the executors of an evaluation's phases.</summary>
    public static IServiceCollection AddEvaluation(this IServiceCollection services)
    {
        services.TryAddSingleton<SpeedLane>();
        services.TryAddSingleton<EvaluationInstruments>();
        services.TryAddSingleton(provider => new LanguageShelf(provider.GetRequiredService<ModelCatalog>(), provider.GetRequiredService<InferenceOptions>()));
        services.AddSingleton<IShardExecutor, AcceptanceExecutor>();
        services.AddSingleton<IShardExecutor, LosslessnessExecutor>();
        services.AddSingleton<IShardExecutor, SpeedExecutor>();
        services.AddSingleton<IShardExecutor, ReportExecutor>();
        return services;
    }
}
