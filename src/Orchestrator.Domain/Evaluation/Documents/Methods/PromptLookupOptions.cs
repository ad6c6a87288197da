using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary><c>prompt-lookup</c>: n-gram lookup in the text itself.</summary>
/// <param name="Ngram">Longest suffix sought, 1 to 16.</param>
/// <param name="MinNgram">Shortest suffix sought, 1 (default) to <paramref name="Ngram"/>.</param>
/// <param name="Chain">γ.</param>
/// <param name="Rule"><c>hugging-face</c> (default), <c>earliest</c> (vLLM) or <c>newest</c>.</param>
public sealed record PromptLookupOptions(int Ngram, int MinNgram, ChainFields Chain, string Rule) : MethodOptions
{
    /// <summary>The method's <c>type</c>.</summary>
    public const string TypeName = "prompt-lookup";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override int DraftDepth => Chain.Gamma;

    /// <summary>The rule as the drafter takes it.</summary>
    public LookupRule LookupRule => Rule switch
    {
        "earliest" => LookupRule.Earliest,
        "newest" => LookupRule.Newest,
        _ => LookupRule.HuggingFace,
    };

    /// <summary>Reads the options.</summary>
    public static PromptLookupOptions Read(DocumentScope scope)
    {
        var ngram = (int)scope.Whole("ngram", null, 1, 16);
        var rule = scope.Choice("rule", ["hugging-face", "earliest", "newest"], "hugging-face");
        var min = (int)scope.Whole("minNgram", 1, 1, Math.Max(1, ngram));
        if (rule == "hugging-face" && min > 1)
        {
            scope.Error("minNgram", "must be 1: Hugging Face's rule always goes down to 1");
        }

        return new(ngram, min, ChainFields.Read(scope), rule);
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = Chain.AddTo(new JsonObject { ["type"] = TypeName, ["ngram"] = Ngram, ["minNgram"] = MinNgram });
        json["rule"] = Rule;
        return json;
    }
}
