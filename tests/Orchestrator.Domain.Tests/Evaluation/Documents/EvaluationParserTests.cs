using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Tests.Evaluation.Documents;

public sealed class EvaluationParserTests
{
    /// <summary>The contract's example, as JSON.</summary>
    private const string Contract = """
        {
          "kind": "evaluation",
          "target": "lm-demo",
          "prompts": { "path": "prompts.jsonl", "format": "spec-bench", "limit": 48 },
          "methods": [
            { "type": "draft-model", "draft": "lm-draft-demo", "gamma": 4 },
            { "type": "draft-tree", "draft": "lm-draft-demo", "branching": [3,2,1], "verifier": "sequoia" },
            { "type": "medusa", "heads": "medusa-demo", "tree": "default", "acceptance": "typical", "epsilon": 0.09, "delta": 0.3 },
            { "type": "eagle", "head": "eagle-demo", "depth": 5, "topK": 4, "nodes": 24 },
            { "type": "mtp", "module": "mtp-demo", "depth": 3 },
            { "type": "prompt-lookup", "ngram": 3, "gamma": 8 },
            { "type": "retrieval", "datastore": "rest-demo", "gamma": 8 },
            { "type": "early-exit", "layer": 2, "gamma": 4 },
            { "type": "lookahead", "window": 5, "ngram": 4 }
          ],
          "sampling": [ { "temperature": 0 }, { "temperature": 0.8, "topP": 0.95, "seed": 1 } ],
          "maxNewTokens": 96,
          "lanes": { "acceptance": "any", "speed": "pinned" }
        }
        """;

    [Fact]
    public void Parse_TheContractsExample_IsValid()
    {
        var document = Valid(Contract);
        Assert.Equal(("evaluation", "default", 3, "lm-demo", 96, 1L), (document.Name, document.Tenant, document.Priority, document.Target, document.MaxNewTokens, document.Seed));
        Assert.Equal(
            ["draft-model", "draft-tree", "medusa", "eagle", "mtp", "prompt-lookup", "retrieval", "early-exit", "lookahead"], document.Methods.Select(m => m.Type));
        Assert.Equal(["lm-demo", "lm-draft-demo", "medusa-demo", "eagle-demo", "mtp-demo", "rest-demo"], document.Models);
        Assert.Equal([3, 2, 1], Assert.IsType<DraftTreeOptions>(document.Methods[1]).Branching!);
        Assert.Equal((0.09, 0.3, true), (((MedusaOptions)document.Methods[2]).Epsilon, ((MedusaOptions)document.Methods[2]).Delta, document.Methods[2].IsLossy));
        Assert.Equal(new SamplingOptions(0.8, 0, 0.95), document.Sampling[1].Options);
        Assert.Equal(5, ((LookaheadOptions)document.Methods[8]).Candidates);
        Assert.Equal(20, document.Cells.Count);
        Assert.Equal(2, document.Cells.Count(c => c.Method is BaselineOptions));
        Assert.Equal(20, document.Cells.Select(c => c.Id).Distinct().Count());
        Assert.All(document.Cells, c => Assert.Matches("^[a-z-]+-[0-9a-f]{12}$", c.Id));
    }

    [Fact]
    public void Parse_ManyMistakes_ReportsThemAllWithPaths()
    {
        var parsed = Parse("""
            {
              "kind": "evaluation", "colour": 1,
              "prompts": { "path": "", "format": "json", "limit": 0, "categories": ["qa", 7] },
              "methods": [
                { "type": "draft-modle", "draft": "d", "gamma": 4 },
                { "type": "draft-model", "gamma": [2, 0, 40], "stopBelow": 2 },
                { "type": "draft-tree", "draft": "d", "branching": [3, "x"], "verifier": "medusa" },
                { "type": "draft-tree", "draft": "d", "branching": [32, 32] },
                { "type": "draft-tree", "draft": "d", "tree": "searched", "branching": [2] },
                { "type": "medusa", "heads": "m", "acceptance": "exact", "epsilon": 0.1 },
                { "type": "eagle", "head": "e", "tree": "chain", "topK": 3 },
                { "type": "prompt-lookup", "ngram": 2, "minNgram": 3, "gamma": 1, "windows": 1 },
                { "type": "retrieval", "datastore": "r", "gamma": [] },
                { "type": "jacobi", "gamma": 3 }, { "type": "jacobi", "gamma": [2, 3] },
                7
              ],
              "sampling": [ { "temperature": -1 }, { "temperature": 0, "samples": 2 }, { "topP": [0.5, 0] } ],
              "maxNewTokens": 0,
              "lanes": { "acceptance": "off", "speed": "off" }
            }
            """);
        Assert.False(parsed.IsValid);
        string[] expected =
        [
            "$.colour", "$.target", "$.prompts.path", "$.prompts.format", "$.prompts.limit", "$.prompts.categories[1]",
            "$.methods[0].type",
            "$.methods[1].draft", "$.methods[1].gamma[1]", "$.methods[1].gamma[2]", "$.methods[1].stopBelow",
            "$.methods[2].branching[1]", "$.methods[2].verifier", "$.methods[3].branching", "$.methods[4].branching",
            "$.methods[5].epsilon", "$.methods[6].topK", "$.methods[7].minNgram", "$.methods[7].windows", "$.methods[8]", "$.methods[10]", "$.methods[11]",
            "$.sampling[0].temperature", "$.sampling[1].samples", "$.sampling[2].temperature", "$.sampling[2].topP[1]",
            "$.maxNewTokens", "$.lanes.speed",
        ];
        Assert.Equal(expected.Order(), parsed.Errors.Select(e => e.Path).Order());
        Assert.Contains("did you mean 'draft-model'?", parsed.Errors.Single(e => e.Path == "$.methods[0].type").Message, StringComparison.Ordinal);
        Assert.Equal("40", parsed.Errors.Single(e => e.Path == "$.methods[1].gamma[2]").Value);
    }

    [Theory]
    [InlineData("[]", "$")]
    [InlineData("null", "$")]
    [InlineData("{}", "$.kind")]
    [InlineData("{\"kind\":\"curation\"}", "$.kind")]
    public void Parse_NotADocument_SaysWhere(string json, string path) => Assert.Contains(Parse(json).Errors, e => e.Path == path);

    [Fact]
    public void Sweep_Lists_ExpandToTheirProductInOrder()
    {
        var document = Valid(With("""[ { "type": "prompt-lookup", "ngram": [2, 3], "gamma": [2, 4, 6, 8] } ]"""));
        Assert.Equal(
            [(2, 2), (2, 4), (2, 6), (2, 8), (3, 2), (3, 4), (3, 6), (3, 8)],
            document.Methods.Cast<PromptLookupOptions>().Select(m => (m.Ngram, m.Chain.Gamma)));
        Assert.Equal(18, document.Cells.Count);
    }

    [Fact]
    public void Sweep_ListFields_AreSweptByListsOfLists()
    {
        var document = Valid(With("""[ { "type": "draft-tree", "draft": "d", "branching": [[3, 2], [4]], "verifier": ["specinfer", "sequoia"] } ]"""));
        Assert.Equal(
            ["3,2 specinfer", "3,2 sequoia", "4 specinfer", "4 sequoia"],
            document.Methods.Cast<DraftTreeOptions>().Select(m => $"{string.Join(',', m.Branching!)} {m.Verifier}"));
    }

    [Fact]
    public void Sweep_Sampling_Expands()
    {
        var document = Valid(Contract.Replace("\"temperature\": 0.8, \"topP\": 0.95, \"seed\": 1", "\"temperature\": [0.6, 1], \"topP\": [0.9, 1]", StringComparison.Ordinal));
        Assert.Equal([0, 0.6, 0.6, 1, 1], document.Sampling.Select(s => s.Options.Temperature));
    }

    [Theory]
    [InlineData("""[ { "type": "jacobi", "gamma": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17] } ]""", null)]
    [InlineData("""[ { "type": "prompt-lookup", "ngram": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16], "gamma": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17] } ]""", "$.methods[0]")]
    public void Sweep_TooMany_IsRefused(string methods, string? path) =>
        Assert.Equal(path is null ? [] : new[] { path }, Parse(With(methods)).Errors.Select(e => e.Path).Distinct().Where(p => p != "$.methods"));

    /// <summary>An id says what was measured: order, sweeps, defaults written out and the other cells do not matter; every setting does.</summary>
    [Fact]
    public void CellId_SameMeasurement_SameId()
    {
        var plain = Valid(With("""[ { "type": "draft-model", "draft": "d", "gamma": 4 } ]"""));
        var swept = Valid(With("""[ { "type": "jacobi", "gamma": 2 }, { "stopBelow": 0, "gamma": [8, 4], "draft": "d", "adaptive": false, "type": "draft-model" } ]"""));
        var ids = plain.Cells.Select(c => c.Id).ToList();
        Assert.Subset(swept.Cells.Select(c => c.Id).ToHashSet(), ids.ToHashSet());
        string[] changed =
        [
            With("""[ { "type": "draft-model", "draft": "d", "gamma": 5 } ]"""),
            With("""[ { "type": "draft-model", "draft": "e", "gamma": 4 } ]"""),
            With("""[ { "type": "draft-model", "draft": "d", "gamma": 4, "draw": "greedy" } ]"""),
            With("""[ { "type": "draft-model", "draft": "d", "gamma": 4 } ]""").Replace("\"maxNewTokens\": 96", "\"maxNewTokens\": 97", StringComparison.Ordinal),
            With("""[ { "type": "draft-model", "draft": "d", "gamma": 4 } ]""").Replace("lm-demo", "lm-other", StringComparison.Ordinal),
            With("""[ { "type": "draft-model", "draft": "d", "gamma": 4 } ]""").Replace("\"seed\": 1", "\"seed\": 2", StringComparison.Ordinal),
        ];
        var sampledId = plain.Cells[^1].Id;
        Assert.All(changed, json => Assert.DoesNotContain(sampledId, Valid(json).Cells.Select(c => c.Id)));
    }

    /// <summary>Ids are kept across versions: results of last year must still be found.</summary>
    [Fact]
    public void CellId_IsPinned() =>
        Assert.Equal("draft-model-e64e0b6c527e", Valid(With("""[ { "type": "draft-model", "draft": "d", "gamma": 4 } ]""")).Cells[1].Id);

    [Property(MaxTest = 200)]
    public Property ToJson_AnyValidDocument_ParsesBackToTheSameJson() => Prop.ForAll(Documents().ToArbitrary(), document =>
    {
        var json = EvaluationParser.ToJson(document).ToJsonString();
        var again = EvaluationParser.ParseCanonical(json);
        return EvaluationParser.ToJson(again).ToJsonString() == json && again.Cells.Select(c => c.Id).SequenceEqual(document.Cells.Select(c => c.Id));
    });

    [Fact]
    public void ParseCanonical_Broken_ListsTheMistakes() =>
        Assert.Contains("$.target", Assert.Throws<FormatException>(() => EvaluationParser.ParseCanonical("{\"kind\":\"evaluation\"}")).Message, StringComparison.Ordinal);

    private static Gen<EvaluationDocument> Documents()
    {
        var chain = from gamma in Gen.Choose(1, 32) from adaptive in ArbMap.Default.GeneratorFor<bool>() select new ChainFields(gamma, adaptive);
        var method = Gen.OneOf(
            from c in chain from draw in Gen.Elements("sample", "greedy") from stop in Gen.Choose(0, 10) select (MethodOptions)new DraftModelOptions("d", c, draw, stop / 10.0),
            from b in Gen.Choose(1, 4).NonEmptyListOf() from v in Gen.Elements("specinfer", "sequoia") select (MethodOptions)new DraftTreeOptions("d", [.. b.Take(3)], v, 0, 0),
            from n in Gen.Choose(2, 128) from d in Gen.Choose(1, 16) select (MethodOptions)new DraftTreeOptions("d", null, "sequoia", n, d),
            from n in Gen.Choose(1, 256) from a in Gen.Elements("exact", "typical") select (MethodOptions)new MedusaOptions("m", "measured", n, a, 0.09, 0.3),
            from d in Gen.Choose(1, 16) from t in Gen.Elements("dynamic", "static") select (MethodOptions)new EagleOptions("e", t, d, 4, 24),
            from d in Gen.Choose(1, 16) select (MethodOptions)new MtpOptions("p", d),
            from n in Gen.Choose(1, 16) from c in chain from r in Gen.Elements("hugging-face", "earliest", "newest") select (MethodOptions)new PromptLookupOptions(n, 1, c, r),
            from g in Gen.Choose(1, 32) from s in Gen.Choose(2, 64) select (MethodOptions)new RetrievalMethodOptions("r", new RetrievalOptions(g, 9, s, 1)),
            from l in Gen.Choose(1, 256) from c in chain select (MethodOptions)new EarlyExitOptions(l, c, 0),
            from w in Gen.Choose(1, 64) from n in Gen.Choose(2, 16) select (MethodOptions)new LookaheadOptions(w, n, w),
            from g in Gen.Choose(1, 32) select (MethodOptions)new JacobiOptions(g));
        var sampling = from t in Gen.Choose(0, 20)
                       from k in Gen.Choose(0, 50)
                       from p in Gen.Choose(1, 20)
                       from seed in ArbMap.Default.GeneratorFor<long>()
                       select new SamplingCell(new SamplingOptions(t / 10.0, k, p / 20.0, 1.1), seed, t == 0 ? 1 : 3);
        return from methods in method.NonEmptyListOf()
               from samplings in sampling.NonEmptyListOf()
               from limit in Gen.OneOf(Gen.Constant((int?)null), Gen.Choose(1, 9).Select(n => (int?)n))
               from output in Gen.Elements("out/x", null)
               select new EvaluationDocument(
                   "n",
                   "t",
                   2,
                   "lm",
                   new EvaluationPrompts("p é.jsonl", "jsonl", limit, limit is null ? [] : ["qa"]),
                   [.. methods.Take(8).DistinctBy(m => m.ToJson().ToJsonString())],
                   [.. samplings.Take(4).Distinct()],
                   17,
                   new EvaluationLanes("any", "off"),
                   limit ?? 0,
                   limit == 1,
                   output,
                   5);
    }

    [Fact]
    public void Replay_NeedsNoTarget_AndRefusesWhatARecordLacks()
    {
        var replay = Valid("""
            { "kind": "evaluation", "target": "lm", "prompts": { "path": "r.jsonl", "format": "record" },
              "methods": [ { "type": "draft-model", "draft": "d", "gamma": [1, 2] } ] }
            """);
        Assert.True(replay.IsReplay);
        Assert.Equal(["d"], replay.Models);
        Assert.Equal((0, "off"), (replay.Draws, replay.Lanes.Speed));

        var wrong = Parse("""
            { "kind": "evaluation", "target": "lm", "prompts": { "path": "r.jsonl", "format": "record" }, "record": true,
              "methods": [ { "type": "medusa", "heads": "m" }, { "type": "jacobi", "gamma": 2 } ],
              "sampling": [ { "temperature": 0.5 } ], "lanes": { "speed": "pinned" } }
            """);
        Assert.Equal(["$.methods", "$.methods", "$.sampling", "$.lanes", "$.record"], wrong.Errors.Select(e => e.Path));
        Assert.Contains(wrong.Errors, e => e.Message.Contains("hidden states", StringComparison.Ordinal));
    }

    [Fact]
    public void EarlyExitReplay_NeedsItsTargetsFirstLayers() => Assert.Equal(["lm"], Valid("""
        { "kind": "evaluation", "target": "lm", "prompts": { "path": "r.jsonl", "format": "record" }, "methods": [ { "type": "early-exit", "layer": 2, "gamma": 2 } ] }
        """).Models);

    [Fact]
    public void SearchedTree_TakesMeasurements()
    {
        const string Document = """
            { "kind": "evaluation", "target": "lm", "prompts": { "path": "p" }, "methods": [
              { "type": "draft-tree", "draft": "d", "tree": "searched", "rankAcceptance": [0.6, 0.2], "verifyTime": [10, 11, 13], "draftTime": 1 } ] }
            """;
        var tree = Assert.IsType<DraftTreeOptions>(Valid(Document).Methods.Single());
        Assert.Equal([0.6, 0.2], tree.RankAcceptance);
        Assert.Equal([10, 11, 13], tree.VerifyTime);
        Assert.Equal(1, tree.DraftTime);
        Assert.Equal(2, Parse(Document.Replace("[0.6, 0.2]", "[0.9, 0.2]", StringComparison.Ordinal).Replace("[10, 11, 13]", "[10, 0]", StringComparison.Ordinal)).Errors.Count);
    }

    private static string With(string methods)
    {
        var json = JsonNode.Parse(Contract)!;
        json["methods"] = JsonNode.Parse(methods);
        // Written by hand again so that tests can replace text.
        return json.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static EvaluationDocument Valid(string json)
    {
        var parsed = Parse(json);
        Assert.True(parsed.IsValid, string.Join("; ", parsed.Errors));
        return parsed.Document;
    }

    private static Parsed<EvaluationDocument> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return EvaluationParser.Parse(document.RootElement.Clone());
    }
}
