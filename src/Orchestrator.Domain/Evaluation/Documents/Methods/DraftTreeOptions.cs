using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>draft-tree</c>: a sampled tree from a small model (SpecInfer; Sequoia).</summary>
/// <param name="Draft">Model folder of kind <c>causal-lm</c> with the target's tokenizer.</param>
/// <param name="Branching">Children by depth; null where the tree is searched.</param>
/// <param name="Verifier"><c>specinfer</c> (independent siblings) or <c>sequoia</c> (without replacement, the default).</param>
/// <param name="Nodes">Largest searched tree with the root, 2 to 128. Default 32.</param>
/// <param name="Depth">Deepest searched tree, 1 to 16. Default 6.</param>
public sealed record DraftTreeOptions(string Draft, IReadOnlyList<int>? Branching, string Verifier, int Nodes, int Depth) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "draft-tree";

    private const int MaxNodes = 256;

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Draft];

    /// <summary>Reads the options: <c>branching</c>, or <c>tree: searched</c> with <c>nodes</c> and <c>depth</c>.</summary>
    public static DraftTreeOptions Read(DocumentScope scope)
    {
        var draft = scope.Name("draft");
        var verifier = scope.Choice("verifier", ["specinfer", "sequoia"], "sequoia");
        var searched = scope.Choice("tree", ["branching", "searched"], "branching") == "searched";
        if (searched)
        {
            if (scope.Has("branching"))
            {
                scope.Error("branching", "does not go with tree: searched, which finds the shape by itself");
            }

            return new(draft, null, verifier, (int)scope.Whole("nodes", 32, 2, 128), (int)scope.Whole("depth", 6, 1, 16));
        }

        return new(draft, ReadBranching(scope), verifier, 0, 0);
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = TypeName, ["draft"] = Draft, ["verifier"] = Verifier };
        if (Branching is not null)
        {
            json["tree"] = "branching";
            json["branching"] = new JsonArray([.. Branching.Select(b => JsonValue.Create(b))]);
            return json;
        }

        json["tree"] = "searched";
        json["nodes"] = Nodes;
        json["depth"] = Depth;
        return json;
    }

    /// <summary>Value equality, the list by content.</summary>
    public bool Equals(DraftTreeOptions? other) => other is not null && ToJson().ToJsonString() == other.ToJson().ToJsonString();

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Draft, Verifier, Nodes, Depth);

    private static List<int> ReadBranching(DocumentScope scope)
    {
        var branching = new List<int>();
        var (level, nodes) = (1L, 0L);
        foreach (var (item, path) in scope.Items("branching", 1, 16))
        {
            if (item.ValueKind == System.Text.Json.JsonValueKind.Number && item.TryGetInt32(out var width) && width is >= 1 and <= 32)
            {
                branching.Add(width);
                level *= width;
                nodes += level;
            }
            else
            {
                scope.ErrorAt(path, DocumentScope.Shown(item), "must be a whole number from 1 to 32: the children of each node at this depth");
                level = 0;
            }
        }

        if (nodes > MaxNodes)
        {
            scope.Error("branching", $"makes {nodes} nodes; at most {MaxNodes} are verified a round");
        }

        return branching;
    }
}
