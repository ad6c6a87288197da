using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Documents;

namespace Orchestrator.Domain.Tests.Documents;

/// <summary><c>limits.parallelism</c>, which documents of every kind have.</summary>
public class JobLimitsTests
{
    private const string Curation =
        """{"kind":"curation","name":"j","input":{"shards":["a.tar"]},"stages":[{"type":"basic-filter","minWords":3}],"output":{"path":"o"}}""";

    private const string Selection = """{"kind":"selection","name":"j","from":"s","output":{"path":"o"}}""";

    private const string Evaluation =
        """{"kind":"evaluation","target":"lm","prompts":{"path":"p.jsonl"},"methods":[{"type":"prompt-lookup","ngram":3,"gamma":4}],"sampling":[{"temperature":0}]}""";

    public static TheoryData<string> Kinds => [Curation, Selection, Evaluation];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parallelism_IsReadKeptInCanonicalFormAndFoundThere(string document)
    {
        var (canonical, errors) = Canonical(document, """{"parallelism":7}""");
        Assert.Empty(errors);
        Assert.Equal(7, JobLimits.ParallelismOf(canonical!));
        Assert.Equal(canonical, Canonical(canonical!, null).Canonical);
    }

    /// <summary>Documents of before keep their canonical form, and with it their hash.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void NoParallelism_LeavesNoTraceInTheCanonicalForm(string document)
    {
        var (canonical, _) = Canonical(document, null);
        Assert.DoesNotContain("parallelism", canonical, StringComparison.Ordinal);
        Assert.Null(JobLimits.ParallelismOf(canonical!));
    }

    [Theory]
    [InlineData("""{"parallelism":0}""", "$.limits.parallelism")]
    [InlineData("""{"parallelism":-1}""", "$.limits.parallelism")]
    [InlineData("""{"parallelism":100001}""", "$.limits.parallelism")]
    [InlineData("""{"parallelism":1.5}""", "$.limits.parallelism")]
    [InlineData("""{"parallelism":"4"}""", "$.limits.parallelism")]
    [InlineData("""{"paralelism":4}""", "$.limits.paralelism")]
    [InlineData("4", "$.limits")]
    public void Limits_Mistake_NamesTheFieldInEveryKind(string limits, string path) =>
        Assert.All((string[])[Curation, Selection, Evaluation], document => Assert.Equal(path, Assert.Single(Canonical(document, limits).Errors).Path));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"limits":null}""")]
    [InlineData("""{"limits":{"parallelism":"4"}}""")]
    [InlineData("""{"limits":{"parallelism":0}}""")]
    public void ParallelismOf_NoSuchLimit_IsNull(string document) => Assert.Null(JobLimits.ParallelismOf(document));

    private static (string? Canonical, IReadOnlyList<DocumentError> Errors) Canonical(string document, string? limits)
    {
        var node = JsonNode.Parse(document)!.AsObject();
        if (limits is not null)
        {
            node["limits"] = JsonNode.Parse(limits);
        }

        var root = JsonElement.Parse(node.ToJsonString());
        switch (node["kind"]!.GetValue<string>())
        {
            case "curation":
                var curation = CurationParser.Parse(root);
                return (curation.IsValid ? CurationParser.ToJson(curation.Document).ToJsonString() : null, curation.Errors);
            case "selection":
                var selection = SelectionParser.Parse(root);
                return (selection.IsValid ? SelectionParser.ToJson(selection.Document).ToJsonString() : null, selection.Errors);
            default:
                var evaluation = EvaluationParser.Parse(root);
                return (evaluation.IsValid ? EvaluationParser.ToJson(evaluation.Document).ToJsonString() : null, evaluation.Errors);
        }
    }
}
