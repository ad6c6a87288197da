using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Tests.Curation;

public sealed class CurationParserTests
{
    private const string Valid = """
        {
          "kind": "curation", "name": "demo",
          "input": { "shards": ["pool/{00000000..00000007}.tar"], "format": "webdataset" },
          "stages": [
            { "type": "basic-filter", "minWords": 3, "minChars": 6, "minSide": 200, "maxAspect": 3.0, "language": "any" },
            { "type": "clip-score", "model": "clip-demo", "as": "clip" }
          ],
          "select": { "all": [ { "by": "clip", "topFraction": 0.3 }, { "by": "clip", "min": 0.1 } ] },
          "output": { "path": "out/demo", "samplesPerShard": 500 },
          "seed": 1
        }
        """;

    [Fact]
    public void Parse_ValidDocument_FillsDefaults()
    {
        var parsed = Parse(Valid);
        Assert.True(parsed.IsValid, string.Join("; ", parsed.Errors));
        var document = parsed.Document;
        Assert.Equal(("default", 3, 500), (document.Tenant, document.Priority, document.Output.SamplesPerShard));
        Assert.Equal(["clip-demo"], document.Models);
        Assert.Equal(["basic-filter.words", "basic-filter.chars", "clip"], document.Signals);
        Assert.Null(document.Limits.MaxFailedShards);
        var leaf = Assert.IsType<SelectRule.Leaf>(Assert.IsType<SelectRule.All>(document.Select).Rules[0]);
        Assert.Equal(new SelectTest.TopFraction(0.3, FractionBase.Candidates, false), leaf.Test);
    }

    [Fact]
    public void Parse_ManyMistakes_ReportsThemAllWithPaths()
    {
        var parsed = Parse("""
            {
              "kind": "curation", "name": "bad name!", "priority": 9, "colour": 1,
              "input": { "shards": [], "format": "tfrecord" },
              "stages": [
                { "type": "clip-scores", "model": "m" },
                { "type": "basic-filter", "minWord": 3, "language": "en" },
                { "type": "clip-score", "as": "clip", "batchSize": 0 }
              ],
              "select": { "all": [ { "by": "clipp", "topFraction": 1.5 }, { "by": "clip", "min": 0.1, "topCount": 2 }, { "by": "clip" } ] },
              "output": { "samplesPerShard": 1.5 }
            }
            """);
        Assert.False(parsed.IsValid);
        string[] expected =
        [
            "$.name", "$.priority", "$.colour", "$.input.shards", "$.input.format", "$.stages[0].type", "$.stages[1].minWord",
            "$.stages[1].languageModel", "$.stages[2].model", "$.stages[2].batchSize", "$.select.all[0].by", "$.select.all[0].topFraction",
            "$.select.all[1].topCount", "$.select.all[2].min", "$.output.path", "$.output.samplesPerShard",
        ];
        Assert.Equal(expected.Order(), parsed.Errors.Select(e => e.Path).Order());
        Assert.Contains("did you mean 'clip-score'?", parsed.Errors.Single(e => e.Path == "$.stages[0].type").Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'minWords'?", parsed.Errors.Single(e => e.Path == "$.stages[1].minWord").Message, StringComparison.Ordinal);
        Assert.Equal("1.5", parsed.Errors.Single(e => e.Path == "$.select.all[0].topFraction").Value);
    }

    [Theory]
    [InlineData("[]", "$")]
    [InlineData("null", "$")]
    [InlineData("\"x\"", "$")]
    [InlineData("{}", "$.kind")]
    public void Parse_NotADocument_SaysWhere(string json, string path) =>
        Assert.Contains(Parse(json).Errors, e => e.Path == path);

    [Fact]
    public void Parse_TwoStagesWithOneSignal_AsksForAnotherName() =>
        Assert.Contains(
            Parse(Valid.Replace("\"stages\": [", "\"stages\": [ { \"type\": \"clip-score\", \"model\": \"other\" },", StringComparison.Ordinal)).Errors,
            e => e.Path == "$.stages[2].as");

    [Theory]
    [InlineData("""{ "type": "dedup" }""", null)]
    [InlineData("""{ "type": "dedup", "method": "phash", "radius": 8, "keepBy": "clip", "against": ["cur-1", "out/x"] }""", null)]
    [InlineData("""{ "type": "dedup", "method": "embedding", "from": "clip", "clusters": 9, "epsilon": 0.1 }""", null)]
    [InlineData("""{ "type": "dedup", "method": "md5" }""", "$.stages[2].method")]
    [InlineData("""{ "type": "dedup", "method": "phash", "radius": 17 }""", "$.stages[2].radius")]
    [InlineData("""{ "type": "dedup", "radius": 1 }""", "$.stages[2].radius")]
    [InlineData("""{ "type": "dedup", "method": "phash", "epsilon": 0.1 }""", "$.stages[2].epsilon")]
    [InlineData("""{ "type": "dedup", "method": "embedding" }""", "$.stages[2].from")]
    [InlineData("""{ "type": "dedup", "method": "embedding", "from": "basic-filter.words" }""", "$.stages[2].from")]
    [InlineData("""{ "type": "dedup", "keepBy": "clap" }""", "$.stages[2].keepBy")]
    [InlineData("""{ "type": "dedup", "against": [""] }""", "$.stages[2].against[0]")]
    [InlineData("""{ "type": "clip-score", "model": "m", "as": "dedup.of" }, { "type": "dedup" }""", "$.stages[2].as")]
    public void Parse_DedupStage_NamesWhatIsWrong(string stage, string? path)
    {
        var parsed = Parse(Valid.Replace("\"as\": \"clip\" }", "\"as\": \"clip\" }, " + stage, StringComparison.Ordinal));
        Assert.Equal(path is null ? [] : [path], parsed.Errors.Select(e => e.Path));
        if (parsed.Document is { } document)
        {
            var json = CurationParser.ToJson(document).ToJsonString();
            Assert.Equal(json, CurationParser.ToJson(CurationParser.ParseCanonical(json)).ToJsonString());
        }
    }

    [Theory]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy" }""", null)]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "cur-1", "clusters": 9, "iterations": 3, "metric": "cosine" }""", null)]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "out/x", "centroids": "c.npy" }""", null)]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clap", "reference": "r.npy" }""", "$.stages[2].from")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip" }""", "$.stages[2].reference")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "centroids": "c.pt" }""", "$.stages[2].centroids")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "centroids": "c.npy", "clusters": 3 }""", "$.stages[2].clusters")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "centroids": "c.npy", "iterations": 3 }""", "$.stages[2].iterations")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "clusters": 0 }""", "$.stages[2].clusters")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "iterations": 1001 }""", "$.stages[2].iterations")]
    [InlineData("""{ "type": "image-cluster-filter", "from": "clip", "reference": "r.npy", "metric": "l1" }""", "$.stages[2].metric")]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words" }""", null)]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words", "minCount": 5, "maxLabels": 3, "synonyms": true, "requireLabel": true }""", null)]
    [InlineData("""{ "type": "synset-labels" }""", "$.stages[2].dictionary")]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words", "minCount": 0 }""", "$.stages[2].minCount")]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words", "maxLabels": 1001 }""", "$.stages[2].maxLabels")]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words", "synonyms": 1 }""", "$.stages[2].synonyms")]
    [InlineData("""{ "type": "synset-labels", "dictionary": "words" }, { "type": "synset-labels", "dictionary": "words" }""", "$.stages[3].type")]
    [InlineData("""{ "type": "clip-score", "model": "m", "as": "again", "embeddingsFrom": "cur-1" }""", null)]
    [InlineData("""{ "type": "clip-score", "model": "m", "as": "again", "embeddingsFrom": "" }""", "$.stages[2].embeddingsFrom")]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d" }""", null)]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d", "as": "x", "threshold": 0.3, "grow": 0, "minSide": 1, "batchSize": 4, "keepEmbeddings": true }""", null)]
    [InlineData("""{ "type": "clip-score", "model": "m", "as": "CLIP" }""", "$.stages[2].as")]
    [InlineData("""{ "type": "columns", "from": "m.parquet", "scores": { "a": "x", "b": "y" } }""", null)]
    [InlineData("""{ "type": "columns", "from": "m.parquet", "scores": { "a": "x", "A": "y" } }""", "$.stages[2].scores.A")]
    [InlineData("""{ "type": "text-masked-score", "model": "m" }""", "$.stages[2].detector")]
    [InlineData("""{ "type": "text-masked-score", "detector": "d" }""", "$.stages[2].model")]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d", "threshold": 0 }""", "$.stages[2].threshold")]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d", "grow": 5 }""", "$.stages[2].grow")]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d", "minSide": 0 }""", "$.stages[2].minSide")]
    [InlineData("""{ "type": "text-masked-score", "model": "m", "detector": "d", "embeddingsFrom": "cur-1" }""", "$.stages[2].embeddingsFrom")]
    public void Parse_PoolStage_NamesWhatIsWrong(string stage, string? path) => Parse_DedupStage_NamesWhatIsWrong(stage, path);

    [Fact]
    public void Parse_RulesNestedTooDeep_IsAnError()
    {
        var rule = string.Concat(Enumerable.Repeat("{\"all\":[", 20)) + "{\"by\":\"clip\",\"min\":0}" + string.Concat(Enumerable.Repeat("]}", 20));
        var json = Valid.Replace("""{ "all": [ { "by": "clip", "topFraction": 0.3 }, { "by": "clip", "min": 0.1 } ] }""", rule, StringComparison.Ordinal);
        Assert.Contains(Parse(json).Errors, e => e.Message.Contains("nested", StringComparison.Ordinal));
    }

    [Property]
    public Property ToJson_AnyValidDocument_ParsesBackToTheSameJson() => Prop.ForAll(Documents().ToArbitrary(), document =>
    {
        var json = CurationParser.ToJson(document).ToJsonString();
        return CurationParser.ToJson(CurationParser.ParseCanonical(json)).ToJsonString() == json;
    });

    private static Gen<CurationDocument> Documents()
    {
        var fraction = Gen.Choose(1, 1000).Select(n => n / 1000.0);
        var test = Gen.OneOf(
            Gen.Choose(-1000, 1000).Select(n => (SelectTest)new SelectTest.Min(n / 777.0)),
            Gen.Choose(1, int.MaxValue).Select(n => (SelectTest)new SelectTest.TopCount(n)),
            from f in fraction
            from pool in ArbMap.Default.GeneratorFor<bool>()
            from dataComp in ArbMap.Default.GeneratorFor<bool>()
            select (SelectTest)new SelectTest.TopFraction(f, pool ? FractionBase.Pool : FractionBase.Candidates, dataComp && !pool));
        var leaf = test.Select(t => (SelectRule)new SelectRule.Leaf("clip", t));
        var rule = Gen.OneOf(
            leaf,
            leaf.NonEmptyListOf().Select(r => (SelectRule)new SelectRule.All([.. r.Take(5)])),
            leaf.NonEmptyListOf().Select(r => (SelectRule)new SelectRule.Any([.. r.Take(5)])));
        return from chosen in rule
               from words in Gen.Choose(0, 1000)
               from batch in Gen.Choose(1, 4096)
               from seed in ArbMap.Default.GeneratorFor<long>()
               from failed in Gen.OneOf(Gen.Constant((int?)null), Gen.Choose(0, 9).Select(n => (int?)n))
               select new CurationDocument(
                   "n",
                   "t",
                   1,
                   new CurationInput(["a b\u00e9.tar"], "webdataset"),
                   [new BasicFilterOptions(words, 6, 200, 3.0, "any", null, "stored"), new ClipScoreOptions("m", "clip", batch)],
                   chosen,
                   new CurationOutput("o", 7),
                   new CurationLimits(failed),
                   seed);
    }

    private static Parsed<CurationDocument> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return CurationParser.Parse(document.RootElement.Clone());
    }
}
