using System.Text.Json;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Options;
using Orchestrator.Data.Storage;

namespace Orchestrator.Api.Submission;

/// <summary>The folders of this server, or of one tenant, made absolute once. Immutable.</summary>
public sealed class StoragePaths
{
    private readonly Dictionary<string, StoragePaths> tenants = new(StringComparer.Ordinal);
    private readonly StoragePaths? nothing;

    /// <summary>Reads the options.</summary>
    public StoragePaths(IOptions<StorageOptions> options)
    {
        BaseDirectory = Path.GetFullPath(options.Value.BaseDirectory ?? Directory.GetCurrentDirectory());
        Roots = new AllowedRoots(options.Value.AllowedRoots.Count == 0
            ? [BaseDirectory]
            : options.Value.AllowedRoots.Select(root => Path.GetFullPath(root, BaseDirectory)));
        foreach (var (tenant, own) in options.Value.Tenants)
        {
            var roots = own.AllowedRoots.Select(root => Path.GetFullPath(root, BaseDirectory)).ToList();
            tenants[tenant] = new StoragePaths(roots[0], roots);
        }

        nothing = tenants.Count == 0 ? null : new StoragePaths(BaseDirectory, []);
    }

    private StoragePaths(string baseDirectory, IEnumerable<string> roots) => (BaseDirectory, Roots) = (baseDirectory, new AllowedRoots(roots));

    /// <summary>Folder of relative paths.</summary>
    public string BaseDirectory { get; }

    /// <summary>Folders that jobs may touch.</summary>
    public AllowedRoots Roots { get; }

    /// <summary>The folders of a tenant's jobs.</summary>
    public StoragePaths For(string tenant) => tenants.TryGetValue(tenant, out var own) ? own : nothing ?? this;

    /// <summary>The folders that a document may name, known by its tenant, be it correct or not.</summary>
    /// <param name="root">The document as posted.</param>
    /// <param name="tenant">Tenant of a document that names none; null for the usual default.</param>
    internal StoragePaths For(JsonElement root, string? tenant) => For(
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("tenant", out var named) && named.ValueKind == JsonValueKind.String
            ? named.GetString()!
            : tenant ?? TenantNames.Default);
}
