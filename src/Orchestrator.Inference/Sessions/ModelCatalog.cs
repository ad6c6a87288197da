using System.Collections.Concurrent;

namespace Orchestrator.Inference.Sessions;

/// <summary>Finds model folders by name under the configured roots (<c>Models:Roots</c>). Earlier roots win. Safe for concurrent use.</summary>
public sealed class ModelCatalog
{
    private readonly IReadOnlyList<string> _roots;
    private readonly ConcurrentDictionary<string, ModelFolder> _open = new(StringComparer.Ordinal);

    /// <param name="roots">Folders that hold model folders; those that do not exist hold none.</param>
    public ModelCatalog(IEnumerable<string> roots) => _roots = [.. roots.Select(Path.GetFullPath)];

    /// <summary>Names of all folders with a config.json or orchestrator.json, sorted.</summary>
    public IReadOnlyList<string> Names() =>
    [
        .. _roots.Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .Where(IsModel)
            .Select(folder => Path.GetFileName(folder)!)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Opens a model by name; the same instance each time, so its digest is computed once.</summary>
    /// <exception cref="ModelContractException">The name is not one path segment, or no root has it; the message lists those there are.</exception>
    public ModelFolder Get(string name)
    {
        // A name comes from a posted document: it must not leave the roots.
        if (name is "" or "." or ".." || name.AsSpan().IndexOfAny(['/', '\\', '\0', ':']) >= 0)
        {
            throw new ModelContractException(name, "model", "the name of a folder under Models:Roots", $"'{name}'", "Give the name alone, without a path");
        }

        return _open.GetOrAdd(name, Find);
    }

    /// <summary>
    /// Full paths of the model folders at or below a folder, sorted: the folder itself when it is one, else those of its subfolders at
    /// any depth to 8. A model folder is not searched further, nor is a folder whose name begins with a dot.
    /// </summary>
    public static IReadOnlyList<string> FoldersBelow(string root)
    {
        var found = new List<string>();
        Search(Path.GetFullPath(root), 0);
        return [.. found.Order(StringComparer.Ordinal)];

        void Search(string folder, int depth)
        {
            if (IsModel(folder))
            {
                found.Add(folder);
            }
            else if (depth < 8 && Directory.Exists(folder))
            {
                foreach (var inner in Directory.EnumerateDirectories(folder).Where(f => !Path.GetFileName(f).StartsWith('.')))
                {
                    Search(inner, depth + 1);
                }
            }
        }
    }

    private ModelFolder Find(string name)
    {
        var folder = _roots.Select(root => Path.Combine(root, name)).FirstOrDefault(path => Directory.Exists(path) && IsModel(path));
        return folder is not null
            ? ModelFolder.Open(folder)
            : throw new ModelContractException(name, "model", $"one of [{string.Join(", ", Names())}]", "no such model", $"Roots searched: {string.Join(", ", _roots)}");
    }

    private static bool IsModel(string folder) =>
        File.Exists(Path.Combine(folder, "config.json")) || File.Exists(Path.Combine(folder, ModelManifest.FileName));
}
