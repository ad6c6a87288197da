using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Tests.Curation.Stages;

/// <summary>Every field of the stages that run models, and <c>of</c> of <c>select</c>.</summary>
public sealed class ModelStageParsingTests
{
    [Theory]
    [InlineData("""{ "type": "siglip-score", "model": "s" }""", null)]
    [InlineData("""{ "type": "siglip-score", "model": "s", "as": "x", "batchSize": 7, "keepEmbeddings": true }""", null)]
    [InlineData("""{ "type": "dfn-score", "model": "d" }""", null)]
    [InlineData("""{ "type": "siglip-score" }""", "$.stages[0].model")]
    [InlineData("""{ "type": "siglip-score", "model": "../s" }""", "$.stages[0].model")]
    [InlineData("""{ "type": "siglip-score", "model": "s", "as": "a b" }""", "$.stages[0].as")]
    [InlineData("""{ "type": "dfn-score", "model": "d", "batchSize": 4097 }""", "$.stages[0].batchSize")]
    [InlineData("""{ "type": "dfn-score", "model": "d", "keepEmbeddings": "yes" }""", "$.stages[0].keepEmbeddings")]
    [InlineData("""{ "type": "siglip-score", "model": "d", "min": 0.5 }""", "$.stages[0].min")]
    [InlineData("""{ "type": "siglip-score", "model": "s" }, { "type": "clip-score", "model": "c", "as": "siglip.probability" }""", "$.stages[1].as")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f" }""", null)]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "threshold": 1, "keep": "best", "token": "cls", "topP": 0.5, "topK": 0, "repetitionPenalty": 1, "minLength": 4, "maxLength": 4, "batchSize": 1 }""", null)]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "keep": "synthetic-where-web-fails", "search": "beam", "beams": 5 }""", null)]
    [InlineData("""{ "type": "capfilt", "filter": "f" }""", "$.stages[0].captioner")]
    [InlineData("""{ "type": "capfilt", "captioner": "c" }""", "$.stages[0].filter")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "threshold": 1.1 }""", "$.stages[0].threshold")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "keep": "both" }""", "$.stages[0].keep")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "token": "sep" }""", "$.stages[0].token")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "search": "greedy" }""", "$.stages[0].search")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "topP": 0 }""", "$.stages[0].topP")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "topK": -1 }""", "$.stages[0].topK")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "beams": 3 }""", "$.stages[0].beams")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "search": "beam", "beams": 65 }""", "$.stages[0].beams")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "search": "beam", "topP": 0.9 }""", "$.stages[0].topP")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "repetitionPenalty": 0 }""", "$.stages[0].repetitionPenalty")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "minLength": 9, "maxLength": 8 }""", "$.stages[0].maxLength")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "minLength": 513 }""", "$.stages[0].minLength")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "maxLength": 0 }""", "$.stages[0].maxLength")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "batchSize": 0 }""", "$.stages[0].batchSize")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f", "as": "x" }""", "$.stages[0].as")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f" }, { "type": "capfilt", "captioner": "c", "filter": "f" }""", "$.stages[1].type")]
    [InlineData("""{ "type": "capfilt", "captioner": "c", "filter": "f" }, { "type": "clip-score", "model": "c", "as": "capfilt.texts" }""", "$.stages[1].as")]
    public void Parse_Stage_NamesTheFieldAtFaultOrRoundTrips(string stages, string? path)
    {
        var parsed = Parse(stages, null);
        if (path is null)
        {
            Assert.True(parsed.IsValid, string.Join("; ", parsed.Errors));
            var json = CurationParser.ToJson(parsed.Document).ToJsonString();
            Assert.Equal(json, CurationParser.ToJson(CurationParser.ParseCanonical(json)).ToJsonString());
        }
        else
        {
            Assert.Contains(path, parsed.Errors.Select(e => e.Path));
        }
    }

    [Fact]
    public void Parse_CapFilt_DefaultsAreBlips()
    {
        var stage = Assert.IsType<CapFiltOptions>(Parse("""{ "type": "capfilt", "captioner": "c", "filter": "f" }""", null).Document!.Stages[0]);
        Assert.Equal(new CapFiltOptions("c", "f", 0.5, CapFiltKeep.Union, false, false, 0.9, 50, 0, 1.1, null, null, 32), stage);
        Assert.Equal(["c", "f"], stage.Models);
        var beam = Assert.IsType<CapFiltOptions>(Parse("""{ "type": "capfilt", "captioner": "c", "filter": "f", "search": "beam" }""", null).Document!.Stages[0]);
        Assert.Equal((true, 3, 1.0), (beam.Beam, beam.Beams, beam.RepetitionPenalty));
    }

    [Theory]
    [InlineData("""{ "by": "siglip", "min": 0.1, "of": "probability" }""", "siglip.probability", "select.siglip.probability.min")]
    [InlineData("""{ "by": "siglip", "topCount": 1, "of": "logit" }""", "siglip.logit", "select.siglip.logit.topCount")]
    [InlineData("""{ "by": "siglip", "min": 0.1, "of": "cosine" }""", "siglip", "select.siglip.min")]
    [InlineData("""{ "by": "siglip", "min": 0.1 }""", "siglip", "select.siglip.min")]
    [InlineData("""{ "by": "capfilt", "min": 0.9, "of": "synthetic" }""", "capfilt.synthetic", "select.capfilt.synthetic.min")]
    public void Parse_Of_NamesASignal(string select, string signal, string reason)
    {
        var document = Parse(Stages, select).Document!;
        var leaf = Assert.IsType<SelectRule.Leaf>(document.Select);
        Assert.Equal((signal, reason), (leaf.Signal, leaf.Reason));
        Assert.Contains(signal, document.Signals);
        var json = CurationParser.ToJson(document).ToJsonString();
        Assert.Equal(leaf, CurationParser.ParseCanonical(json).Select);
    }

    [Theory]
    [InlineData("""{ "by": "clip", "min": 0.1, "of": "probability" }""", "$.select.of", "it has: cosine")]
    [InlineData("""{ "by": "siglip", "min": 0.1, "of": "chance" }""", "$.select.of", "cosine, logit, probability")]
    [InlineData("""{ "by": "capfilt", "min": 0.1, "of": "cosine" }""", "$.select.of", "web, synthetic")]
    [InlineData("""{ "by": "siglip", "min": 0.1, "of": 3 }""", "$.select.of", "must be a string")]
    [InlineData("""{ "by": "siglip.probability", "min": 0.1 }""", "$.select.by", "siglip, clip, capfilt")]
    public void Parse_OfThatIsNone_SaysWhatThereIs(string select, string path, string message)
    {
        var error = Assert.Single(Parse(Stages, select).Errors);
        Assert.Equal(path, error.Path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private const string Stages =
        """{ "type": "siglip-score", "model": "s" }, { "type": "clip-score", "model": "c" }, { "type": "capfilt", "captioner": "c", "filter": "f" }""";

    private static Parsed<CurationDocument> Parse(string stages, string? select)
    {
        var json = JsonNode.Parse($$"""{ "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "stages": [ {{stages}} ], "output": { "path": "o" } }""")!.AsObject();
        if (select is not null)
        {
            json["select"] = JsonNode.Parse(select);
        }

        using var document = JsonDocument.Parse(json.ToJsonString());
        return CurationParser.Parse(document.RootElement.Clone());
    }
}
