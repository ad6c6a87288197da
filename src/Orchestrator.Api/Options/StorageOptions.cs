using Microsoft.Extensions.Options;

namespace Orchestrator.Api.Options;

/// <summary>Section <c>Storage</c>: which files jobs may name.</summary>
public sealed class StorageOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Storage";

    /// <summary>Folder against which relative paths of documents are resolved. Default: the process's current directory.</summary>
    public string? BaseDirectory { get; set; }

    /// <summary>
    /// Folders that documents may name, relative to <see cref="BaseDirectory"/> or absolute. A path outside them, or one that
    /// leaves them through a symbolic link, is refused before it is touched. Default: <see cref="BaseDirectory"/> alone.
    /// </summary>
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

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
