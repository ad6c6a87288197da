namespace Orchestrator.Inference.Sessions;

/// <summary>The kinds of model folder, and the graphs each needs.</summary>
public static class ModelKinds
{
    /// <summary>Kind of a retrieval datastore, the one kind without a graph.</summary>
    public const string Datastore = "retrieval-datastore";

    /// <summary>For each kind whose graphs the manifest names: alternatives, each a set of roles that must all be there.</summary>
    private static readonly Dictionary<string, string[][]> Roles = new(StringComparer.Ordinal)
    {
        ["clip"] = [],
        ["siglip"] = [],
        ["blip-caption"] = [["vision", "decoder"]],
        ["blip-itm"] = [["vision", "text"]],
        [Detection.TextDetector.Kind] = [["detector"]],
        ["causal-lm"] = [["tree"], ["plain"]],
        ["medusa"] = [["heads"]],
        ["eagle"] = [["head"]],
        ["mtp"] = [["heads"], ["module"]],
        [Datastore] = [],
    };

    /// <summary>Every kind, in the order of the documentation.</summary>
    public static IReadOnlyCollection<string> All => Roles.Keys;

    /// <summary>Refuses a folder whose manifest does not name the graphs of its kind.</summary>
    /// <exception cref="ModelContractException">A role is missing; the message lists what the kind needs and what there is.</exception>
    public static void CheckFiles(ModelFolder folder)
    {
        var alternatives = Roles[folder.Kind];
        if (alternatives.Length > 0 && !alternatives.Any(roles => roles.All(folder.Manifest.Files.ContainsKey)))
        {
            throw new ModelContractException(
                folder.PathOf(ModelManifest.FileName), "files", string.Join(", or ", alternatives.Select(roles => string.Join(" and ", roles))) + $", the graphs of {folder.Kind}",
                folder.Manifest.Files.Count == 0 ? "none" : string.Join(", ", folder.Manifest.Files.Keys), "Name the graphs under files");
        }
    }
}
