using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;
using Orchestrator.Data.Storage;

namespace Orchestrator.Api.Submission;

/// <summary>The folders of this server, made absolute once. Immutable.</summary>
public sealed class StoragePaths
{
    /// <summary>Reads the options.</summary>
    public StoragePaths(IOptions<StorageOptions> options)
    {
        BaseDirectory = Path.GetFullPath(options.Value.BaseDirectory ?? Directory.GetCurrentDirectory());
        Roots = new AllowedRoots(options.Value.AllowedRoots.Count == 0
            ? [BaseDirectory]
            : options.Value.AllowedRoots.Select(root => Path.GetFullPath(root, BaseDirectory)));
    }

    /// <summary>Folder of relative paths.</summary>
    public string BaseDirectory { get; }

    /// <summary>Folders that jobs may touch.</summary>
    public AllowedRoots Roots { get; }
}
