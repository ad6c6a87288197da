using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>mtp</c>: multi-token prediction, parallel heads (Gloeckle et al. 2024) or sequential modules (DeepSeek-V3); the model folder says which.</summary>
/// <param name="Module">Model folder of kind <c>mtp</c>.</param>
/// <param name="Depth">Tokens drafted, 1 to 16. Beyond its trained depth a sequential module reads its own hidden state.</param>
public sealed record MtpOptions(string Module, int Depth) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "mtp";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Depth;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Module];

    /// <summary>Reads the options.</summary>
    public static MtpOptions Read(DocumentScope scope) => new(scope.Name("module"), (int)scope.Whole("depth", null, 1, 16));

    /// <inheritdoc />
    public override JsonObject ToJson() => new() { ["type"] = TypeName, ["module"] = Module, ["depth"] = Depth };
}
