using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>medusa</c>: heads that predict the next tokens from one hidden state (Cai et al. 2024).</summary>
/// <param name="Heads">Model folder of kind <c>medusa</c>.</param>
/// <param name="Tree"><c>default</c> (from published accuracies) or <c>measured</c> (from the accuracies of these heads).</param>
/// <param name="Nodes">Candidates, 1 to 256. Default 63.</param>
/// <param name="Acceptance"><c>exact</c> (default, lossless) or <c>typical</c> (lossy above temperature 0).</param>
/// <param name="Epsilon">ε of typical acceptance, in (0, 1]. Default 0.09.</param>
/// <param name="Delta">δ of typical acceptance, in (0, 10]. Default 0.3.</param>
public sealed record MedusaOptions(string Heads, string Tree, int Nodes, string Acceptance, double Epsilon, double Delta) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "medusa";

    /// <summary>Heads of the largest published Medusa models: no tree is deeper.</summary>
    private const int MostHeads = 5;

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Math.Min(Nodes, MostHeads);

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Heads];

    /// <inheritdoc />
    public override bool IsLossy => Acceptance == "typical";

    /// <summary>Reads the options.</summary>
    public static MedusaOptions Read(DocumentScope scope)
    {
        var acceptance = scope.Choice("acceptance", ["exact", "typical"], "exact");
        foreach (var field in (string[])["epsilon", "delta"])
        {
            if (acceptance == "exact" && scope.Has(field))
            {
                scope.Error(field, "goes with acceptance: typical only");
            }
        }

        return new(
            scope.Name("heads"),
            scope.Choice("tree", ["default", "measured"], "default"),
            (int)scope.Whole("nodes", 63, 1, 256),
            acceptance,
            scope.Number("epsilon", 0.09, 0, 1, aboveMin: true),
            scope.Number("delta", 0.3, 0, 10, aboveMin: true));
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = TypeName, ["heads"] = Heads, ["tree"] = Tree, ["nodes"] = Nodes, ["acceptance"] = Acceptance };
        if (IsLossy)
        {
            json["epsilon"] = Epsilon;
            json["delta"] = Delta;
        }

        return json;
    }
}
