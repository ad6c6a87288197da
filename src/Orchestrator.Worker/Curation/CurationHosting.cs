using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Agent;
using Orchestrator.Worker.Execution;
using Orchestrator.Worker.Hosting;

namespace Orchestrator.Worker.Curation;

/// <summary>Registers what curation needs on a worker.</summary>
public static class CurationHosting
{
    /// <summary>Adds the executors of curation's phases and the models they run.</summary>
    public static IServiceCollection AddCuration(this IServiceCollection services)
    {
        services.AddOptions<ModelsOptions>().BindConfiguration("Models");
        services.AddOptions<WorkerStorageOptions>().BindConfiguration("Storage").ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkerStorageOptions>, WorkerStorageValidator>();
        services.AddOptions<InferenceSettings>().BindConfiguration("Inference").ValidateOnStart();
        services.AddSingleton<IValidateOptions<InferenceSettings>, InferenceSettingsValidator>();

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<CurationInstruments>();
        services.TryAddSingleton(provider => new JobStorage(
            Roots(provider), provider.GetRequiredService<IOptions<WorkerStorageOptions>>().Value.S3, provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<JobStorage>().Roots);
        services.TryAddSingleton<ImageDecoder>();
        services.TryAddSingleton<LanguageModels>();
        services.TryAddSingleton<EntryLists>();
        services.TryAddSingleton<NounDictionaries>();
        services.TryAddSingleton<EmbeddingFolders>();
        services.TryAddSingleton(provider => new CpuPool(
            provider.GetRequiredService<IOptions<InferenceSettings>>().Value.CpuThreads is > 0 and var threads ? threads : Environment.ProcessorCount,
            provider.GetRequiredService<CurationInstruments>()));
        services.TryAddSingleton(Catalog);
        services.TryAddSingleton(provider => provider.GetRequiredService<IOptions<InferenceSettings>>().Value
            .ToOptions(provider.GetRequiredService<IOptions<WorkerOptions>>().Value.CudaDevice));
        services.TryAddSingleton(provider => new ScoringModels(provider.GetRequiredService<ModelCatalog>(), provider.GetRequiredService<InferenceOptions>()));
        services.TryAddSingleton<IScoringModels>(provider => provider.GetRequiredService<ScoringModels>());
        services.Replace(ServiceDescriptor.Singleton<IModelInventory>(provider => provider.GetRequiredService<ScoringModels>()));

        services.AddSingleton<IShardExecutor, ScoreExecutor>();
        services.AddSingleton<IShardExecutor, DecideExecutor>();
        services.AddSingleton<IShardExecutor, SelectionDecideExecutor>();
        foreach (var kind in (string[])[CurationDocument.Kind, SelectionDocument.Kind])
        {
            services.AddSingleton<IShardExecutor>(provider => new WriteExecutor(provider.GetRequiredService<JobStorage>(), kind, provider.GetRequiredService<CurationInstruments>()));
            services.AddSingleton<IShardExecutor>(provider => new PublishExecutor(provider.GetRequiredService<JobStorage>(), kind));
        }

        return services;
    }

    private static AllowedRoots Roots(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<WorkerStorageOptions>>().Value;
        var basis = BaseDirectory(provider);
        return new AllowedRoots(options.AllowedRoots.Length == 0 ? [basis] : options.AllowedRoots, basis);
    }

    private static ModelCatalog Catalog(IServiceProvider provider)
    {
        var basis = BaseDirectory(provider);
        var roots = provider.GetRequiredService<IOptions<ModelsOptions>>().Value.Roots;
        return new ModelCatalog((roots.Length == 0 ? ["models"] : roots).Select(r => Path.GetFullPath(r, basis)));
    }

    private static string BaseDirectory(IServiceProvider provider) =>
        Path.GetFullPath(provider.GetRequiredService<IOptions<WorkerStorageOptions>>().Value.BaseDirectory ?? Directory.GetCurrentDirectory());
}
