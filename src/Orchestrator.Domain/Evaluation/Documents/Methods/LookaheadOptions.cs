using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>lookahead</c>: n-grams from Jacobi steps in a window (Fu et al. 2024).</summary>
/// <param name="Window">W, columns, 1 to 64.</param>
/// <param name="Ngram">n, 2 to 16.</param>
/// <param name="Candidates">G, n-grams verified a round, 1 to 64. Default: the window.</param>
public sealed record LookaheadOptions(int Window, int Ngram, int Candidates) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "lookahead";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Ngram - 1;

    /// <summary>Reads the options.</summary>
    public static LookaheadOptions Read(DocumentScope scope)
    {
        var window = (int)scope.Whole("window", null, 1, 64);
        return new(window, (int)scope.Whole("ngram", null, 2, 16), (int)scope.Whole("candidates", window, 1, 64));
    }

    /// <inheritdoc />
    public override JsonObject ToJson() => new() { ["type"] = TypeName, ["window"] = Window, ["ngram"] = Ngram, ["candidates"] = Candidates };
}
