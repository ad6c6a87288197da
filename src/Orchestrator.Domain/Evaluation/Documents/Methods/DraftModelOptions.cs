using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>draft-model</c>: speculative sampling with a small model (Leviathan et al. 2023; Chen et al. 2023).</summary>
/// <param name="Draft">Model folder of kind <c>causal-lm</c> with the target's tokenizer.</param>
/// <param name="Chain">γ.</param>
/// <param name="Draw"><c>sample</c> (default: drawn from q, verified by p/q) or <c>greedy</c> (argmax, verified as a point mass).</param>
/// <param name="StopBelow">Drafting stops after a token where the draft's largest probability is below this; 0 (default) never.</param>
public sealed record DraftModelOptions(string Draft, ChainFields Chain, string Draw, double StopBelow) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "draft-model";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Chain.Gamma;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Draft];

    /// <summary>Reads the options.</summary>
    public static DraftModelOptions Read(DocumentScope scope) => new(
        scope.Name("draft"), ChainFields.Read(scope), scope.Choice("draw", ["sample", "greedy"], "sample"), scope.Number("stopBelow", 0, 0, 1));

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = Chain.AddTo(new JsonObject { ["type"] = TypeName, ["draft"] = Draft });
        json["draw"] = Draw;
        json["stopBelow"] = StopBelow;
        return json;
    }
}
