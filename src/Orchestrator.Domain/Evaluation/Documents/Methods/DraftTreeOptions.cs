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
    /// <summary>Searched tree: measured acceptance by rank (<c>acceptanceByRank</c> of an earlier result), each in [0, 1], summing to 1 at most; null for a typical one.</summary>
    public IReadOnlyList<double>? RankAcceptance { get; init; }

    /// <summary>Searched tree: measured time of a target forward of 1, 2, … rows (<c>curve</c> of an earlier result); null where the largest tree is wanted, whatever it costs.</summary>
    public IReadOnlyList<double>? VerifyTime { get; init; }

    /// <summary>Time of drafting one level in the unit of <see cref="VerifyTime"/>. Default 0.</summary>
    public double DraftTime { get; init; }

    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "draft-tree";

    private const int MaxNodes = 256;

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Branching?.Count ?? Depth;

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

            return new(draft, null, verifier, (int)scope.Whole("nodes", 32, 2, 128), (int)scope.Whole("depth", 6, 1, 16))
            {
                RankAcceptance = ReadNumbers(scope, "rankAcceptance", 16, 1),
                VerifyTime = ReadNumbers(scope, "verifyTime", 256, 1e9),
                DraftTime = scope.Number("draftTime", 0, 0, 1e9),
            };
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
        if (RankAcceptance is not null)
        {
            json["rankAcceptance"] = new JsonArray([.. RankAcceptance.Select(share => JsonValue.Create(share))]);
        }

        if (VerifyTime is not null)
        {
            json["verifyTime"] = new JsonArray([.. VerifyTime.Select(time => JsonValue.Create(time))]);
            json["draftTime"] = DraftTime;
        }

        return json;
    }

    /// <summary>Value equality, the list by content.</summary>
    public bool Equals(DraftTreeOptions? other) => other is not null && ToJson().ToJsonString() == other.ToJson().ToJsonString();

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Draft, Verifier, Nodes, Depth);

    private static List<double>? ReadNumbers(DocumentScope scope, string name, int most, double largest)
    {
        if (!scope.Has(name))
        {
            return null;
        }

        var numbers = new List<double>();
        foreach (var (item, path) in scope.Items(name, 1, most))
        {
            if (item.ValueKind == System.Text.Json.JsonValueKind.Number && item.TryGetDouble(out var number) && number >= 0 && number <= largest)
            {
                numbers.Add(number);
            }
            else
            {
                scope.ErrorAt(path, DocumentScope.Shown(item), FormattableString.Invariant($"must be a number from 0 to {largest}"));
            }
        }

        if (name == "rankAcceptance" && numbers.Sum() > 1 + 1e-9)
        {
            scope.Error(name, "must sum to 1 at most: one child of a node at most is accepted");
        }

        if (name == "verifyTime" && numbers.Any(time => time == 0))
        {
            scope.Error(name, "must be above 0");
        }

        return numbers;
    }

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
