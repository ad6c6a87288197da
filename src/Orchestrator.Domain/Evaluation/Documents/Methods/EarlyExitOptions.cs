using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>early-exit</c>: drafts with the target's first layers and its own head (LayerSkip).</summary>
/// <param name="Layer">Layers that draft, from 1, fewer than the target has.</param>
/// <param name="Chain">γ.</param>
/// <param name="StopBelow">Drafting stops after a token where the draft's largest probability is below this; 0 (default) never.</param>
public sealed record EarlyExitOptions(int Layer, ChainFields Chain, double StopBelow) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "early-exit";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Chain.Gamma;

    /// <summary>Reads the options.</summary>
    public static EarlyExitOptions Read(DocumentScope scope) =>
        new((int)scope.Whole("layer", null, 1, 256), ChainFields.Read(scope), scope.Number("stopBelow", 0, 0, 1));

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = Chain.AddTo(new JsonObject { ["type"] = TypeName, ["layer"] = Layer });
        json["stopBelow"] = StopBelow;
        return json;
    }
}
