using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests;

/// <summary>Finds the demo models of the repository.</summary>
internal static class SampleModels
{
    /// <summary>Folder of a demo model; it may not exist.</summary>
    public static string Path(string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(System.IO.Path.Combine(root.FullName, "Orchestrator.sln")))
        {
            root = root.Parent;
        }

        return System.IO.Path.Combine(root?.FullName ?? "", "samples", "models", name);
    }

    /// <summary>Names of all demo models of the repository.</summary>
    public static IReadOnlyList<string> Names() => [.. ModelCatalog.FoldersBelow(Path("")).Select(folder => System.IO.Path.GetFileName(folder))];
}
