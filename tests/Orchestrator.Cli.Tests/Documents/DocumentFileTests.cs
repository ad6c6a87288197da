using System.Text.Json.Nodes;
using Orchestrator.Cli.Documents;

namespace Orchestrator.Cli.Tests.Documents;

public sealed class DocumentFileTests
{
    /// <summary>The core schema of YAML 1.2, chapter 10.3: no "no" for false, no "1_000", no dates.</summary>
    [Theory]
    [InlineData("3", "3")]
    [InlineData("-7", "-7")]
    [InlineData("0.5", "0.5")]
    [InlineData("1e3", "1000")]
    [InlineData("true", "true")]
    [InlineData("FALSE", "false")]
    [InlineData("~", "null")]
    [InlineData("null", "null")]
    [InlineData("", "null")]
    [InlineData("no", "\"no\"")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("2024-01-01", "\"2024-01-01\"")]
    [InlineData("'3'", "\"3\"")]
    [InlineData("\"true\"", "\"true\"")]
    [InlineData("pool/{00..07}.tar", "\"pool/{00..07}.tar\"")]
    public void Parse_YamlScalar_TypedByTheCoreSchema(string yaml, string json) =>
        Assert.Equal(json, DocumentFile.Parse($"a: {yaml}\n", "x.yaml")["a"]?.ToJsonString() ?? "null");

    [Fact]
    public void Parse_YamlAndJson_SameDocument()
    {
        const string Yaml = "kind: curation\nstages:\n  - { type: clip-score, model: m }\nselect: { by: clip, min: 0.7 }\n";
        const string Json = """{"kind":"curation","stages":[{"type":"clip-score","model":"m"}],"select":{"by":"clip","min":0.7}}""";

        Assert.True(JsonNode.DeepEquals(DocumentFile.Parse(Yaml, "x.yaml"), DocumentFile.Parse(Json, "x.json")));
    }

    [Theory]
    [InlineData("kind: curation\n  name: x\n", "line 2")]
    [InlineData("kind: curation\nstages: [a, b\n", "line 3")]
    [InlineData("a: 1\na: 2\n", "line 2")]
    [InlineData("a: &x 1\nb: *x\n", "line 2, column 4: aliases are not allowed")]
    [InlineData("a: !!binary abc\n", "tags are not allowed")]
    [InlineData("[a]: 1\n", "a field's name must be text")]
    [InlineData("- a\n", "a document is an object")]
    [InlineData("a: 1\n---\nb: 2\n", "a document is an object")]
    [InlineData("", "a document is an object")]
    [InlineData("{\"a\": 1, \"a\": 2}", "a")]
    [InlineData("{\"a\": }", "LineNumber: 0")]
    public void Parse_Mistake_NamesFileAndPlace(string text, string expected)
    {
        var error = Assert.Throws<CliException>(() => DocumentFile.Parse(text, "job.yaml"));

        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.StartsWith("job.yaml: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DeeplyNestedYaml_RefusedBeforeItIsBuilt()
    {
        var error = Assert.Throws<CliException>(() => DocumentFile.Parse("a: " + new string('[', 100_000), "job.yaml"));

        Assert.Contains("64 deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("output.path=out/x", """{"output":{"path":"out/x","n":1},"stages":[{"m":"a"}]}""")]
    [InlineData("output.n=2.5", """{"output":{"path":"o","n":2.5},"stages":[{"m":"a"}]}""")]
    [InlineData("select.all.deep=true", """{"output":{"path":"o","n":1},"stages":[{"m":"a"}],"select":{"all":{"deep":true}}}""")]
    [InlineData("stages.0.m=b", """{"output":{"path":"o","n":1},"stages":[{"m":"b"}]}""")]
    [InlineData("name=a=b", """{"output":{"path":"o","n":1},"stages":[{"m":"a"}],"name":"a=b"}""")]
    public void Set_Path_ChangesThatFieldOnly(string assignment, string expected)
    {
        var document = DocumentFile.Parse("""{"output":{"path":"o","n":1},"stages":[{"m":"a"}]}""", "x");

        DocumentFile.Set(document, assignment);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), document), document.ToJsonString());
    }

    [Theory]
    [InlineData("output")]
    [InlineData("=1")]
    [InlineData("a..b=1")]
    [InlineData("stages.m=b")]
    [InlineData("stages.7.m=b")]
    [InlineData("output.path.deeper=1")]
    public void Set_WhatCannotBeSet_UsageAndNothingLost(string assignment)
    {
        const string Before = """{"output":{"path":"o","n":1},"stages":[{"m":"a"}]}""";
        var document = DocumentFile.Parse(Before, "x");

        var error = Assert.Throws<CliException>(() => DocumentFile.Set(document, assignment));

        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.Equal(Before, document.ToJsonString());
    }
}
