using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Whatever is wrong with the input, every sample read ends in a state and the rest of the job goes on.</summary>
public sealed class BadInputTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter" }, { "type": "clip-score", "model": "bright", "as": "clip" } ],
          "output": { "path": "x" } }
        """;

    public static TheoryData<string, string> Troubles => new()
    {
        { "truncated-jpeg", "image-truncated" },
        { "image-bomb", "image-too-large" },
        { "not-an-image", "image-unknown-format" },
        { "empty-image", "image-empty" },
        { "no-image", "image-missing" },
        { "no-caption", "caption-missing" },
        { "huge-caption", "caption-too-long" },
        { "invalid-utf8", "caption-not-utf8" },
        { "invalid-json", "json-invalid" },
        { "json-array", "json-invalid" },
        { "climbing-name", "member-unsafe-name" },
        { "nan-score", "score-not-finite" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Run_OneBadSampleAmongGood_QuarantinesItAlone(string kind, string reason)
    {
        using var harness = new CurationHarness();
        Tars.Write(
            Path.Combine(harness.Root, "a.tar"),
            [.. Tars.Sample("good1", 90, "a fine grey square"), .. Bad(kind), .. Tars.Sample("good2", 200, "a fine grey square")]);
        var end = await harness.RunAsync(Document, "a.tar");

        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal((3, 2, 1), (harness.Count("read"), harness.Count("kept"), harness.Count("quarantined")));
        Assert.Equal(1, harness.Count($"quarantined:{reason}"));
        var line = JsonNode.Parse(Assert.Single(harness.Quarantine()))!;
        Assert.Equal(("a.tar", reason), ((string?)line["shard"], (string?)line["error"]));
        Assert.NotEmpty((string)line["message"]!);
        Assert.Empty(Directory.GetFiles(harness.Root, "x", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Run_WrongExtension_IsDecodedByContent()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), ("k.jpg", Tars.Png(100, 240, 240)), ("k.txt", "a fine grey square"u8.ToArray()));
        await harness.RunAsync(Document, "a.tar");
        Assert.Equal(1, harness.Count("kept"));
    }

    [Fact]
    public async Task Run_TarCutInTheMiddle_KeepsWhatIsWholeAndReportsTheRest()
    {
        using var harness = new CurationHarness();
        var path = Path.Combine(harness.Root, "a.tar");
        Tars.Write(path, Tars.Good(0, 10, 10));
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(file.Length * 6 / 10);
        }

        var end = await harness.RunAsync(Document, "a.tar");
        Assert.Equal(JobState.SucceededWithFailures, end.State);
        Assert.Equal(1, harness.Count("damagedShards"));
        Assert.InRange(harness.Count("kept"), 1, 9);
        Assert.Equal(harness.Count("read"), harness.Count("kept") + harness.Count("quarantined"));
        Assert.Contains(harness.Quarantine(), l => l.Contains("shard-truncated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_GarbageAndMissingShards_NameTheFilesAndTheRestGoesOn()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "good.tar"), Tars.Good(0, 4, 4));
        File.WriteAllBytes(Path.Combine(harness.Root, "garbage.tar"), [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))]);
        var end = await harness.RunAsync(Document, "good.tar", "garbage.tar", "missing.tar");

        Assert.Equal(JobState.SucceededWithFailures, end.State);
        Assert.Equal(4, harness.Count("kept"));
        Assert.Equal((1, 1), (harness.Count("damagedShards"), harness.Count("failedShards")));
        var failure = harness.Failures["score-2"];
        Assert.Equal(FailureKind.Fatal, failure.Kind);
        Assert.Contains("missing.tar", failure.Message, StringComparison.Ordinal);
        Assert.Contains("input.shards", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_UnknownModel_FailsWithItsName()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), Tars.Good(0, 2, 2));
        var end = await harness.RunAsync(Document.Replace("bright", "dark", StringComparison.Ordinal), "a.tar");
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("dark", harness.Failures["score-0"].Message, StringComparison.Ordinal);
        Assert.Contains("known: bright", harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_InputOutsideTheAllowedRoots_IsRefusedUntouched()
    {
        using var harness = new CurationHarness();
        using var elsewhere = new CurationHarness();
        Tars.Write(Path.Combine(elsewhere.Root, "a.tar"), Tars.Good(0, 2, 2));
        var end = await harness.RunAsync(Document, Path.Combine(elsewhere.Root, "a.tar"));
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("input.shards", harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_InputChangesBetweenScoringAndWriting_FailsInsteadOfWritingOtherSamples()
    {
        using var harness = new CurationHarness();
        var path = Path.Combine(harness.Root, "a.tar");
        Tars.Write(path, Tars.Good(0, 6, 6));
        harness.CrashAfter = (phase, _) =>
        {
            if (phase == "decide")
            {
                Tars.Write(path, Tars.Good(5, 6, 36));
            }

            return false;
        };
        var end = await harness.RunAsync(Document, "a.tar");
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("not the one that was scored", harness.Failures["write-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NeighboursWithOneKey_StayTwoSamples()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("same", 90, "a fine grey square")]);
        Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Tars.Sample("same", 91, "a fine grey circle")]);
        await harness.RunAsync(Document, "a.tar", "b.tar");
        var output = CurationJobTests.ReadOutput(harness);
        Assert.Equal(["same", "same~1-0"], output.Select(s => s.Key));
    }

    [Theory]
    [InlineData(91, 2)]
    [InlineData(92, 0)]
    public async Task Run_NeighboursWithOneLongKey_AreKeptOrSetAsideAtIntake(int length, int kept)
    {
        // The second one's would be "key~1-0.json": nine bytes more, of 100 that a tar holds.
        using var harness = new CurationHarness();
        var key = new string('k', length);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample(key, 90, "a fine grey square"), .. Tars.Sample("other", 91, "a fine grey circle")]);
        Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Tars.Sample(key, 92, "a fine grey circle")]);
        Tars.Write(Path.Combine(harness.Root, "c.tar"), [.. Tars.Sample("last", 93, "a fine grey circle")]);
        var document = JsonNode.Parse(Document)!;
        document["select"] = JsonNode.Parse("""{ "by": "clip", "min": 0 }""");
        var end = await harness.RunAsync(document.ToJsonString(), "a.tar", "b.tar", "c.tar");
        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal((2 + kept, 2 - kept), (harness.Count("kept"), harness.Count("quarantined:name-unwritable")));
    }

    [Fact]
    public async Task Run_ANameThatFitsUntilItsJsonIsAdded_IsSetAside()
    {
        using var harness = new CurationHarness();
        var key = new string('k', 92);
        Tars.Write(
            Path.Combine(harness.Root, "a.tar"),
            [(key + ".png", Tars.Png(90, 240, 240)), (key + ".txt", "a fine grey square"u8.ToArray()), .. Tars.Sample("good", 91, "a fine grey circle")]);
        var end = await harness.RunAsync(Document, "a.tar");
        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal((1, 1), (harness.Count("kept"), harness.Count("quarantined:name-unwritable")));
    }

    private static (string, byte[])[] Bad(string kind)
    {
        var caption = "a fine grey square"u8.ToArray();
        var image = Tars.Png(120, 240, 240);
        return kind switch
        {
            "truncated-jpeg" => [("bad.jpg", Tars.Jpeg(300, 300)[..4000]), ("bad.txt", caption)],
            "image-bomb" => [("bad.png", Bomb()), ("bad.txt", caption)],
            "not-an-image" => [("bad.jpg", "<html>not found</html>"u8.ToArray()), ("bad.txt", caption)],
            "empty-image" => [("bad.jpg", []), ("bad.txt", caption)],
            "no-image" => [("bad.txt", caption), ("bad.json", "{}"u8.ToArray())],
            "no-caption" => [("bad.png", image)],
            "huge-caption" => [("bad.png", image), ("bad.txt", Encoding.UTF8.GetBytes(new string('a', 1 << 20)))],
            "invalid-utf8" => [("bad.png", image), ("bad.txt", [0x61, 0xff, 0xfe, 0x62])],
            "invalid-json" => [("bad.png", image), ("bad.txt", caption), ("bad.json", "{\"a\": "u8.ToArray())],
            "json-array" => [("bad.png", image), ("bad.txt", caption), ("bad.json", "[1]"u8.ToArray())],
            "climbing-name" => [("../../x", "x"u8.ToArray())],
            "nan-score" => [("bad.png", image), ("bad.txt", "a caption with nan inside"u8.ToArray())],
            _ => throw new ArgumentException(kind, nameof(kind)),
        };
    }

    /// <summary>A PNG of 100 bytes whose header declares 60,000 x 60,000 pixels.</summary>
    private static byte[] Bomb()
    {
        var png = Tars.Png(0, 16, 16);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 60_000);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 60_000);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32.HashToUInt32(png.AsSpan(12, 17)));
        return png;
    }
}
