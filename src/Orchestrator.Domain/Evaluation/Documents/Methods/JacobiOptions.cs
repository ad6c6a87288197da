using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>jacobi</c>: iterates a guess of the next tokens with the target itself.</summary>
/// <param name="Gamma">Length of the guess, 1 to 32.</param>
public sealed record JacobiOptions(int Gamma) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "jacobi";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Gamma;

    /// <summary>Reads the options.</summary>
    public static JacobiOptions Read(DocumentScope scope) => new((int)scope.Whole("gamma", null, 1, ChainFields.MaxGamma));

    /// <inheritdoc />
    public override JsonObject ToJson() => new() { ["type"] = TypeName, ["gamma"] = Gamma };
}
