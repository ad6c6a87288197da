using System.Text.Json.Nodes;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

public sealed class DedupJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip", "batchSize": 7, "keepEmbeddings": true }, DEDUP ],
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Sha256_EqualImagesOfTwoShards_FirstKeyStaysAndTheOthersNameIt()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("m", 10, "one"), .. Tars.Sample("x", 200, "alone")]);
        Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Tars.Sample("c", 10, "two"), .. Tars.Sample("p", 10, "three")]);
        var end = await harness.RunAsync(With("""{ "type": "dedup", "method": "sha256" }"""), "a.tar", "b.tar");

        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal(["x", "c"], OutputKeys(harness));
        Assert.Equal((4, 2, 2, 0), (harness.Count("read"), harness.Count("kept"), harness.Count("duplicate"), harness.Count("rejected")));
        Assert.Equal(
            [("m", "duplicate", "c", "b.tar#0", "sha256"), ("x", "kept", null, null, null), ("c", "kept", null, null, null), ("p", "duplicate", "c", "b.tar#0", "sha256")],
            Rows(harness, 2).Select(r => (r.Key, r.State, r.Reason, Tag(r, "dedup.of"), Tag(r, "dedup.by"))));
    }

    [Fact]
    public async Task KeepBy_OfAGroup_TheBestScoreStays()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("a", 90, "x"), .. Tars.Sample("b", 91, "x"), .. Tars.Sample("c", 92, "x"), .. Tars.Sample("d", 91, "x")]);

        // Pictures of one colour share their hash, so all four are one group.
        await harness.RunAsync(With("""{ "type": "dedup", "method": "phash", "radius": 0, "keepBy": "clip" }"""), "a.tar");
        Assert.Equal(["c"], OutputKeys(harness));
        Assert.Equal(3, harness.Count("duplicate"));
    }

    [Fact]
    public async Task Phash_RecompressedAndScaledCopies_AreFoundAndOtherPicturesAreNot()
    {
        using var harness = new CurationHarness();
        Tars.Write(
            Path.Combine(harness.Root, "a.tar"),
            [.. Picture("a", Noise(1)), .. Picture("b", Noise(2)), .. Picture("c", Scaled(Noise(1), 0.5)), .. Picture("d", Scaled(Noise(2), 1.7))]);
        await harness.RunAsync(With("""{ "type": "dedup", "method": "phash", "radius": 4 }"""), "a.tar");
        Assert.Equal(["a", "b"], OutputKeys(harness));
        Assert.Equal([("c", "a"), ("d", "b")], Rows(harness, 1).Where(r => r.State == "duplicate").Select(r => (r.Key, r.Reason!)));
    }

    [Fact]
    public async Task Select_AfterDedup_CountsCandidatesWithoutDuplicates()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Enumerable.Range(0, 20).SelectMany(i => Tars.Sample($"{i:D2}", (byte)(10 * (i / 2)), "x"))]);
        var document = JsonNode.Parse(With("""{ "type": "dedup" }"""))!;
        document["select"] = JsonNode.Parse("""{ "by": "clip", "topFraction": 0.5 }""");
        await harness.RunAsync(document.ToJsonString(), "a.tar");

        // Ten pairs leave ten candidates, of which the brighter five are kept.
        Assert.Equal((10, 5, 5), (harness.Count("duplicate"), harness.Count("kept"), harness.Count("rejected")));
        Assert.Equal(["10", "12", "14", "16", "18"], OutputKeys(harness));
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("phash")]
    [InlineData("embedding")]
    public async Task Against_KeptSamplesOfAnEarlierJob_NoneLikeThemStays(string method)
    {
        var stage = method == "embedding" ? """{ "type": "dedup", "method": "embedding", "from": "clip", "clusters": 2, "epsilon": 1e-6 }""" : $$"""{ "type": "dedup", "method": "{{method}}" }""";
        using var harness = new CurationHarness { OutputName = "first" };
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("seen", 40, "x")]);
        await harness.RunAsync(With(stage), "a.tar");
        Assert.Equal(1, harness.Count("kept"));

        harness.OutputName = "second";
        var against = stage.Replace("\"type\"", $$""" "against": ["{{Path.Combine(harness.Root, "first")}}"], "type" """, StringComparison.Ordinal);
        Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Tars.Sample("again", 40, "y"), .. Picture("new", Noise(3))]);
        await harness.RunAsync(With(against), "b.tar");
        Assert.Equal(["new"], OutputKeys(harness));
        var row = Rows(harness, 1).Single(r => r.State == "duplicate");
        Assert.Equal(("again", "seen", "a.tar#0", method), (row.Key, row.Reason, Tag(row, "dedup.of"), Tag(row, "dedup.by")));
    }

    [Theory]
    [InlineData("sha256")]
    [InlineData("embedding")]
    public async Task Against_DuplicatesOfASampleThatWasNotKept_LeaveWhatIsLikeThem(string method)
    {
        var stage = method == "embedding" ? """{ "type": "dedup", "method": "embedding", "from": "clip", "clusters": 1, "epsilon": 1e-6 }""" : """{ "type": "dedup" }""";
        using var harness = new CurationHarness { OutputName = "first" };
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("dark", 40, "x"), .. Tars.Sample("dark-again", 40, "x"), .. Tars.Sample("light", 200, "x")]);
        var document = JsonNode.Parse(With(stage))!;
        document["select"] = JsonNode.Parse("""{ "by": "clip", "topCount": 1 }""");
        await harness.RunAsync(document.ToJsonString(), "a.tar");
        Assert.Equal(["light"], OutputKeys(harness));
        Assert.Equal(1, harness.Count("duplicate"));

        harness.OutputName = "second";
        Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Tars.Sample("d", 40, "y"), .. Tars.Sample("l", 200, "y")]);
        await harness.RunAsync(With(stage.Replace("\"type\"", $$""" "against": ["{{Path.Combine(harness.Root, "first")}}"], "type" """, StringComparison.Ordinal)), "b.tar");
        Assert.Equal(["d"], OutputKeys(harness));
    }

    [Fact]
    public async Task Against_AFolderWithoutTheHash_FailsWithTheRemedy()
    {
        using var harness = new CurationHarness { OutputName = "first" };
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("seen", 40, "x")]);
        await harness.RunAsync(With("""{ "type": "dedup", "method": "sha256" }"""), "a.tar");
        harness.OutputName = "second";
        var end = await harness.RunAsync(With($$"""{ "type": "dedup", "method": "phash", "against": ["{{harness.Root}}/first"] }"""), "a.tar");
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("has no column 'dedup.phash'; run that job again with a dedup stage of method phash", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeepEmbeddings_PublishesARowPerInputSampleInHalfPrecision()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("a", 51, "x"), .. Tars.Sample("b", 0, "nan"), .. Tars.Sample("c", 255, "x")]);
        await harness.RunAsync(With("""{ "type": "dedup" }"""), "a.tar");
        using var reader = HalfNpy.Open(Path.Combine(harness.Output, "embeddings/clip/img_emb/img_emb_0.npy")).Value;
        var rows = new Half[3][];
        for (var i = 0; i < 3; i++)
        {
            reader.Read(rows[i] = new Half[2]);
        }

        Assert.Equal((3, 2), (reader.Rows, reader.Dimension));
        Assert.Equal([(Half)0.2f, (Half)MathF.Sqrt(1 - 0.04f)], rows[0]);
        Assert.All(rows[1], v => Assert.True(Half.IsNaN(v)));
        Assert.Equal([(Half)1f, (Half)0f], rows[2]);
        Assert.Contains("embeddings/clip/img_emb/img_emb_0.npy", harness.Manifest()["files"]!.AsArray().Select(f => (string)f!["path"]!));
    }

    [Fact]
    public async Task Run_AllMethodsAnyOrderAnyCrash_GivesTheSameBytes()
    {
        var stages = """
            { "type": "dedup", "method": "sha256" }, { "type": "dedup", "method": "phash", "radius": 6, "keepBy": "clip" },
            { "type": "dedup", "method": "embedding", "from": "clip", "clusters": 3, "epsilon": 1e-7 }
            """;
        using var plain = new CurationHarness();
        await plain.RunAsync(With(stages), Pool(plain));
        using var rough = new CurationHarness { Order = shards => shards.Reverse(), CrashAfter = (_, index) => index % 2 == 0 };
        await rough.RunAsync(With(stages), Pool(rough));
        Assert.Equal(plain.OutputDigests(), rough.OutputDigests());
        Assert.Equal(30, plain.Count("read"));
        Assert.True(plain.Count("duplicate") >= 8 && plain.Count("kept") >= 5, plain.Manifest()["counts"]!.ToJsonString());
        Assert.False(Directory.Exists(Path.Combine(rough.Output, ".work")));
    }

    private static string[] Pool(CurationHarness harness)
    {
        for (var shard = 0; shard < 3; shard++)
        {
            var members = Enumerable.Range(0, 10).SelectMany(i => i < 5
                ? Tars.Sample($"{shard}{i}", (byte)(50 * i), "grey")
                : Picture($"{shard}{i}", i < 8 ? Noise((10 * shard) + i) : Scaled(Noise(i), 0.9)));
            Tars.Write(Path.Combine(harness.Root, $"{shard}.tar"), [.. members]);
        }

        return ["0.tar", "1.tar", "2.tar"];
    }

    private static NetVips.Image Noise(int seed)
    {
        // Blurred noise: low frequencies, which is what the hash looks at.
        using var noise = NetVips.Image.Gaussnoise(240, 220, mean: 128, sigma: 60, seed: seed);
        using var soft = noise.Gaussblur(12);
        return ((soft - 128) * 12) + 128;
    }

    private static NetVips.Image Scaled(NetVips.Image image, double scale)
    {
        using (image)
        {
            return image.Resize(scale);
        }
    }

    private static (string, byte[])[] Picture(string key, NetVips.Image image)
    {
        using (image)
        {
            using var bytes = image.Cast(NetVips.Enums.BandFormat.Uchar);
            return [($"{key}.jpg", bytes.JpegsaveBuffer(q: 88)), ($"{key}.txt", "some noise"u8.ToArray())];
        }
    }

    private static string With(string stages) => Document.Replace("DEDUP", stages, StringComparison.Ordinal);

    // The last two text columns of a document with one dedup stage are dedup.of and dedup.by.
    private static string? Tag(ScoreRow row, string name) => name == "dedup.of" ? row.Tags[^2] : row.Tags[^1];

    private static List<ScoreRow> Rows(CurationHarness harness, int parts)
    {
        var rows = new List<ScoreRow>();
        for (var part = 0; part < parts; part++)
        {
            using var reader = ScorePartReader.Open(Path.Combine(harness.Output, $"scores/part-{part:D5}.parquet")).Value;
            rows.AddRange(reader.ReadRows());
        }

        return rows;
    }

    private static List<string> OutputKeys(CurationHarness harness)
    {
        var keys = new List<string>();
        foreach (var tar in Directory.GetFiles(harness.Output, "*.tar").Order())
        {
            Assert.True(TarShardReader.TryOpen(tar, null, out var reader, out _));
            using (reader)
            {
                while (reader.TryRead(out var sample))
                {
                    keys.Add(sample.Key);
                }
            }
        }

        return keys;
    }
}
