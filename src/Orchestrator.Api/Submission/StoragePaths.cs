using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Options;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Api.Submission;

/// <summary>The folders and buckets of this server, or of one tenant, made absolute once. Immutable.</summary>
public sealed class StoragePaths : IDisposable
{
    private readonly Dictionary<string, StoragePaths> tenants = new(StringComparer.Ordinal);
    private readonly StoragePaths? nothing;

    /// <summary>Reads the options.</summary>
    public StoragePaths(IOptions<StorageOptions> options)
    {
        BaseDirectory = Path.GetFullPath(options.Value.BaseDirectory ?? Directory.GetCurrentDirectory());
        Storage = new JobStorage(
            new AllowedRoots(options.Value.AllowedRoots.Count == 0 ? [BaseDirectory] : options.Value.AllowedRoots, BaseDirectory), options.Value.S3);
        foreach (var (tenant, own) in options.Value.Tenants)
        {
            tenants[tenant] = new StoragePaths(
                S3Address.Is(own.AllowedRoots[0]) ? own.AllowedRoots[0] : Path.GetFullPath(own.AllowedRoots[0], BaseDirectory), Storage.Narrow(new AllowedRoots(own.AllowedRoots, BaseDirectory)));
        }

        nothing = tenants.Count == 0 ? null : new StoragePaths(BaseDirectory, Storage.Narrow(new AllowedRoots([])));
    }

    private StoragePaths(string baseDirectory, JobStorage storage) => (BaseDirectory, Storage) = (baseDirectory, storage);

    /// <summary>Folder of relative paths.</summary>
    public string BaseDirectory { get; }

    /// <summary>Everything that jobs may touch.</summary>
    public JobStorage Storage { get; }

    /// <summary>Folders that jobs may touch.</summary>
    public AllowedRoots Roots => Storage.Roots;

    /// <inheritdoc />
    public void Dispose() => Storage.Dispose();

    /// <summary>The folders of a tenant's jobs.</summary>
    public StoragePaths For(string tenant) => tenants.TryGetValue(tenant, out var own) ? own : nothing ?? this;

    /// <summary>The folders that a document may name, known by its tenant, be it correct or not.</summary>
    /// <param name="root">The document as posted.</param>
    /// <param name="tenant">Tenant of a document that names none; null for the usual default.</param>
    internal StoragePaths For(JsonElement root, string? tenant) => For(
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("tenant", out var named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()!
            : tenant ?? TenantNames.Default);

    /// <summary>Runs what waits for storage on a thread of its own: a blocked pool thread is one that answers nobody.</summary>
    internal static Task<T> RunAsync<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc cref="RunAsync{T}" />
    internal static Task RunAsync(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
