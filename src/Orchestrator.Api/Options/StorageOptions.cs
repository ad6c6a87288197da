using Microsoft.Extensions.Options;
using Orchestrator.Api.Submission;
using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Api.Options;

/// <summary>Section <c>Storage</c>: which files jobs may name.</summary>
public sealed class StorageOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Storage";

    /// <summary>Folder against which relative paths of documents are resolved. Default: the process's current directory.</summary>
    public string? BaseDirectory { get; set; }

    /// <summary>
    /// Folders that documents may name, relative to <see cref="BaseDirectory"/> or absolute, and prefixes of buckets
    /// (<c>s3://bucket/prefix</c>). A path outside them, or one that leaves them through a symbolic link, is refused before it is touched. Default: <see cref="BaseDirectory"/> alone.
    /// </summary>
    public List<string> AllowedRoots { get; set; } = [];

    /// <summary>The S3-compatible server. Default: none.</summary>
    public S3Options S3 { get; set; } = new();

    /// <summary>
    /// Folders of each tenant by its name, inside <see cref="AllowedRoots"/>. Where any tenant is listed, documents of a tenant
    /// may name nothing but its own folders, and those of a tenant that is not listed nothing at all. Default: none, and all
    /// tenants share <see cref="AllowedRoots"/>.
    /// </summary>
    public Dictionary<string, TenantStorageOptions> Tenants { get; set; } = [];
}

/// <summary>Folders of one tenant.</summary>
public sealed class TenantStorageOptions
{
    /// <summary>Relative to <see cref="StorageOptions.BaseDirectory"/>, absolute, or <c>s3://bucket/prefix</c>; relative paths of the tenant's documents start at the first.</summary>
    public List<string> AllowedRoots { get; set; } = [];
}

internal sealed class StorageOptionsValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        var errors = new List<string>();
        var folder = options.BaseDirectory;
        if (folder is not null && !Directory.Exists(folder))
        {
            errors.Add($"Storage:BaseDirectory: the folder '{folder}' does not exist; make it or name another.");
        }

        for (var i = 0; i < options.AllowedRoots.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(options.AllowedRoots[i]))
            {
                errors.Add($"Storage:AllowedRoots:{i}: is empty; name a folder or remove the entry.");
            }
        }

        errors.AddRange(S3Options.Validate(options.S3, options.AllowedRoots));
        CheckTenants(options, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckTenants(StorageOptions options, List<string> errors)
    {
        if (options.Tenants.Count == 0 || errors.Count > 0)
        {
            return;
        }

        using var all = new StoragePaths(Microsoft.Extensions.Options.Options.Create(new StorageOptions { BaseDirectory = options.BaseDirectory, AllowedRoots = options.AllowedRoots }));
        foreach (var (tenant, own) in options.Tenants)
        {
            if (own.AllowedRoots.Count == 0)
            {
                errors.Add($"Storage:Tenants:{tenant}:AllowedRoots: is empty; name a folder or remove the tenant.");
            }

            foreach (var (index, root) in own.AllowedRoots.Index())
            {
                if (string.IsNullOrWhiteSpace(root) || !all.Roots.ResolveAny(root, "root", all.BaseDirectory).Ok)
                {
                    errors.Add($"Storage:Tenants:{tenant}:AllowedRoots:{index}: '{root}' is not inside Storage:AllowedRoots, which workers keep to; name a folder there.");
                }
            }
        }
    }
}
