using System.Text.Json.Nodes;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

public sealed class CurationJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter", "language": "any" }, { "type": "clip-score", "model": "bright", "as": "clip", "batchSize": 7 } ],
          "select": { "by": "clip", "topFraction": 0.3 },
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Run_GoodPool_KeepsExactlyTheBestFractionInInputOrder()
    {
        using var harness = new CurationHarness();
        var tars = WritePool(harness, shards: 3, count: 25);
        Assert.Equal(JobState.Succeeded, (await harness.RunAsync(Document, tars)).State);

        // 75 samples, brightness rising: the best floor(0.3 x 75) = 22 are the last 22.
        var expected = Enumerable.Range(0, 75).Select(i => Tars.Key(i / 25, i % 25)).TakeLast(22);
        Assert.Equal(expected, ReadOutput(harness).Select(s => s.Key));
        Assert.Equal((75, 22, 53, 0, 0), (harness.Count("read"), harness.Count("kept"), harness.Count("rejected"), harness.Count("duplicate"), harness.Count("quarantined")));
        Assert.Equal(53, harness.Count("rejected:select.clip.topFraction"));
        Assert.Equal(["00000000.tar", "00000001.tar", "00000002.tar"], Directory.GetFiles(harness.Output, "*.tar").Select(Path.GetFileName).Order());
        Assert.Equal("""{"00000000.tar":10,"00000001.tar":10,"00000002.tar":2}""", Squeeze(File.ReadAllText(Path.Combine(harness.Output, "sizes.json"))));
    }

    [Fact]
    public async Task Run_KeptSample_SurvivesByteForByteAndGainsItsScores()
    {
        using var harness = new CurationHarness();
        var members = Tars.Good(0, 20, 20);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), members);
        await harness.RunAsync(Document, "a.tar");

        foreach (var sample in ReadOutput(harness))
        {
            Assert.True(sample.TryGet("png", out var image));
            Assert.Equal(members.Single(m => m.Item1 == $"{sample.Key}.png").Item2, image.Data.ToArray());
            Assert.True(sample.TryGet("txt", out var text));
            Assert.Equal("a small grey square"u8.ToArray(), text.Data.ToArray());
            Assert.True(sample.TryGet("json", out var json));
            var node = JsonNode.Parse(json.Data.Span)!;
            Assert.Equal("kept as it is", (string?)node["note"]);
            Assert.InRange((float)node["scores"]!["clip"]!, 0f, 1f);
        }
    }

    [Fact]
    public async Task Run_AnyOrderAnyAttemptsAnyCrash_GivesTheSameBytes()
    {
        using var plain = new CurationHarness();
        await plain.RunAsync(Document, WritePool(plain, 4, 11));
        using var rough = new CurationHarness { Order = shards => shards.Reverse(), CrashAfter = (_, index) => index % 2 == 0 };
        await rough.RunAsync(Document, WritePool(rough, 4, 11));
        Assert.Equal(plain.OutputDigests(), rough.OutputDigests());
        Assert.True(plain.OutputDigests().Count > 10);
        Assert.False(Directory.Exists(Path.Combine(rough.Output, ".work")));
    }

    [Fact]
    public async Task Run_EveryFileOfTheOutput_IsInTheManifestWithItsDigest()
    {
        using var harness = new CurationHarness();
        await harness.RunAsync(Document, WritePool(harness, 2, 12));
        var listed = harness.Manifest()["files"]!.AsArray().ToDictionary(f => (string)f!["path"]!, f => (string)f!["sha256"]!);
        var found = harness.OutputDigests();
        found.Remove("manifest.json");
        Assert.Equal(found, new SortedDictionary<string, string>(listed));
        Assert.Contains("scores/part-00001.parquet", listed.Keys);
        Assert.DoesNotContain("path", harness.Manifest()["document"]!["output"]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task Run_ScoreParts_HoldARowPerInputSampleWithItsState()
    {
        using var harness = new CurationHarness();
        await harness.RunAsync(Document, WritePool(harness, 2, 12));
        for (var part = 0; part < 2; part++)
        {
            using var reader = ScorePartReader.Open(Path.Combine(harness.Output, $"scores/part-{part:D5}.parquet")).Value;
            var rows = reader.ReadRows().ToList();
            Assert.Equal(12, rows.Count);
            Assert.All(rows, r => Assert.True(r.State is "kept" or "rejected" && (r.State == "kept") == (r.OutputShard is not null)));
            Assert.All(rows, r => Assert.NotNull(r.Signals[2]));
        }

        using var ids = File.OpenRead(Path.Combine(harness.Output, "sample_ids.npy"));
        var uids = SampleIdsNpy.Read(ids, "sample_ids.npy").ToList();
        Assert.Equal(harness.Count("kept"), uids.Count);
        Assert.Equal(uids.Order(), uids);
    }

    [Theory]
    [InlineData("""{ "by": "clip", "topCount": 5 }""", 5)]
    [InlineData("""{ "by": "clip", "min": 0.49 }""", 20)]
    [InlineData("""{ "by": "clip", "topFraction": 1 }""", 40)]
    [InlineData("""{ "by": "clip", "topFraction": 0.25, "dataComp": true }""", 11)]
    [InlineData("""{ "all": [ { "by": "clip", "topCount": 30 }, { "by": "clip", "topFraction": 0.1 } ] }""", 4)]
    [InlineData("""{ "any": [ { "by": "clip", "topCount": 3 }, { "by": "clip", "topFraction": 0.5 } ] }""", 20)]
    public async Task Run_EachKindOfRule_KeepsWhatItSays(string select, int kept)
    {
        using var harness = new CurationHarness();
        var document = JsonNode.Parse(Document)!;
        document["select"] = JsonNode.Parse(select);
        await harness.RunAsync(document.ToJsonString(), WritePool(harness, 2, 20));
        Assert.Equal(kept, harness.Count("kept"));
    }

    [Fact]
    public async Task Run_TiesAtTheCut_GoByKey()
    {
        using var harness = new CurationHarness();
        string[] keys = ["m", "b", "z", "a", "k"];
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. keys.SelectMany(k => Tars.Sample(k, 128, "all the same grey"))]);
        await harness.RunAsync(Document.Replace("\"topFraction\": 0.3", "\"topCount\": 3", StringComparison.Ordinal), "a.tar");
        Assert.Equal(["b", "a", "k"], ReadOutput(harness).Select(s => s.Key));
    }

    [Fact]
    public async Task Run_BatchesOfTheModel_DependOnTheShardAlone()
    {
        var models = new BrightnessModels();
        using var harness = new CurationHarness(models);
        await harness.RunAsync(Document, WritePool(harness, 2, 20));
        Assert.Equal([7, 7, 6, 7, 7, 6], models.Batches);
    }

    [Fact]
    public async Task Run_NoSelect_KeepsEveryCandidate()
    {
        using var harness = new CurationHarness();
        var document = JsonNode.Parse(Document)!.AsObject();
        document.Remove("select");
        await harness.RunAsync(document.ToJsonString(), WritePool(harness, 1, 13));
        Assert.Equal(13, harness.Count("kept"));
    }

    [Fact]
    public async Task Run_NothingKept_StillPublishes()
    {
        using var harness = new CurationHarness();
        await harness.RunAsync(Document.Replace("\"topFraction\": 0.3", "\"min\": 2", StringComparison.Ordinal), WritePool(harness, 1, 5));
        Assert.Equal((5, 0), (harness.Count("read"), harness.Count("kept")));
        Assert.Empty(Directory.GetFiles(harness.Output, "*.tar"));
    }

    [Fact]
    public async Task Run_ModelChangesBetweenShards_FailsWithoutOutput()
    {
        var models = new BrightnessModels();
        using var harness = new CurationHarness(models) { Order = shards => shards.Select(s => { models.Digest = $"d{s.Index}"; return s; }) };
        var end = await harness.RunAsync(Document, WritePool(harness, 2, 5));
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("'bright'", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(harness.Output, "manifest.json")));
    }

    internal static string[] WritePool(CurationHarness harness, int shards, int count)
    {
        var names = Enumerable.Range(0, shards).Select(s => $"{s:D5}.tar").ToArray();
        for (var shard = 0; shard < shards; shard++)
        {
            Tars.Write(Path.Combine(harness.Root, names[shard]), Tars.Good(shard, count, shards * count));
        }

        return names;
    }

    internal static List<WebSample> ReadOutput(CurationHarness harness)
    {
        var samples = new List<WebSample>();
        foreach (var path in Directory.GetFiles(harness.Output, "*.tar").Order(StringComparer.Ordinal))
        {
            Assert.True(TarShardReader.TryOpen(path, null, out var reader, out _));
            using (reader)
            {
                samples.AddRange(reader.ReadAll());
                Assert.Null(reader.Damage);
            }
        }

        return samples;
    }

    private static string Squeeze(string json) => JsonNode.Parse(json)!.ToJsonString();
}
