using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>eagle</c>: a small network on the target's hidden states (Li et al. 2024, 2025); the model folder says which generation.</summary>
/// <param name="Head">Model folder of kind <c>eagle</c>.</param>
/// <param name="Tree"><c>dynamic</c> (EAGLE-2 and 3, the default), <c>static</c> (EAGLE-1) or <c>chain</c>.</param>
/// <param name="Depth">Levels of candidates, 1 to 16. EAGLE's own <c>depth</c> d gives d + 1.</param>
/// <param name="TopK">Children of a node and nodes expanded a level, 1 to 32; not for chains. Default 10.</param>
/// <param name="Nodes">Nodes with the root (<c>total_token</c>), 2 to 256; not for chains. Default 60.</param>
public sealed record EagleOptions(string Head, string Tree, int Depth, int TopK, int Nodes) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "eagle";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Depth;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Head];

    /// <summary>Reads the options.</summary>
    public static EagleOptions Read(DocumentScope scope)
    {
        var tree = scope.Choice("tree", ["dynamic", "static", "chain"], "dynamic");
        foreach (var field in (string[])["topK", "nodes"])
        {
            if (tree == "chain" && scope.Has(field))
            {
                scope.Error(field, "does not go with tree: chain");
            }
        }

        return new(
            scope.Name("head"),
            tree,
            (int)scope.Whole("depth", 5, 1, 16),
            (int)scope.Whole("topK", 10, 1, 32),
            (int)scope.Whole("nodes", 60, 2, 256));
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = TypeName, ["head"] = Head, ["tree"] = Tree, ["depth"] = Depth };
        if (Tree != "chain")
        {
            json["topK"] = TopK;
            json["nodes"] = Nodes;
        }

        return json;
    }
}
