using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>retrieval</c>: continuations from a datastore (REST).</summary>
/// <param name="Datastore">Folder or name of the datastore.</param>
/// <param name="Retrieval">Settings.</param>
public sealed record RetrievalMethodOptions(string Datastore, RetrievalOptions Retrieval) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "retrieval";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Retrieval.Gamma;

    /// <inheritdoc />
    public override IReadOnlyList<string> Models => [Datastore];

    /// <summary>Reads the options.</summary>
    public static RetrievalMethodOptions Read(DocumentScope scope)
    {
        var maxSpan = (int)scope.Whole("maxSpan", 16, 1, 64);
        return new(scope.Name("datastore"), new RetrievalOptions(
            (int)scope.Whole("gamma", null, 1, ChainFields.MaxGamma),
            (int)scope.Whole("nodes", 64, 1, 256),
            maxSpan,
            (int)scope.Whole("minSpan", Math.Min(2, maxSpan), 1, maxSpan),
            (int)scope.Whole("maxHits", 5000, 1, 1_000_000)));
    }

    /// <inheritdoc />
    public override JsonObject ToJson() => new()
    {
        ["type"] = TypeName,
        ["datastore"] = Datastore,
        ["gamma"] = Retrieval.Gamma,
        ["nodes"] = Retrieval.Nodes,
        ["maxSpan"] = Retrieval.MaxSpan,
        ["minSpan"] = Retrieval.MinSpan,
        ["maxHits"] = Retrieval.MaxHits,
    };
}
