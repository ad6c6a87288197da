using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary><c>capfilt</c> through every phase, with models whose answers are known.</summary>
public sealed class CapFiltJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip", "batchSize": 5 },
                      { "type": "capfilt", "captioner": "cap", "filter": "itm", "keep": "union", "batchSize": 4 } ],
          "output": { "path": "x", "samplesPerShard": 3 } }
        """;

    [Fact]
    public async Task Run_Union_WritesASampleForEveryTextThatPasses()
    {
        using var harness = new CurationHarness(Scripted(grey => grey < 40 ? 95 : 10));
        var end = await RunAsync(harness, Document, ("both", 10, "a web caption 80"), ("web", 90, "a web caption 80"), ("synthetic", 20, "a web caption 20"), ("none", 90, "a web caption 20"), ("last", 30, "a web caption 50"));
        Assert.True(end.State == JobState.Succeeded, string.Join(';', harness.Failures.Values.Select(f => f.Message)));

        Assert.Equal(["both", "both-s", "web", "synthetic-s", "last", "last-s"], CurationJobTests.ReadOutput(harness).Select(s => s.Key));
        Assert.Equal((5, 4, 1), (harness.Count("read"), harness.Count("kept"), harness.Count("rejected:capfilt.threshold")));
        Assert.Equal((3, 3), (harness.Count("captions:web"), harness.Count("captions:synthetic")));

        // Three kept samples of the pool in the first tar: five samples of the output.
        Assert.Equal("""{"00000000.tar":4,"00000001.tar":2}""", JsonNode.Parse(File.ReadAllText(Path.Combine(harness.Output, "sizes.json")))!.ToJsonString());
        Assert.Equal(4, (int)JsonNode.Parse(File.ReadAllText(Path.Combine(harness.Output, "00000000_stats.json")))!["successes"]!);
        Assert.Equal(6, (int)JsonNode.Parse(File.ReadAllText(Path.Combine(harness.Output, "meta.json")))!["output_count"]!);
    }

    [Fact]
    public async Task Run_BothTexts_EachSampleHasItsTextAndTheJsonNamesBoth()
    {
        using var harness = new CurationHarness(Scripted(_ => 95));
        const string Uid = "00112233445566778899aabbccddeeff";
        var members = Tars.Sample("k", 10, "a web caption 80");
        members[2].Item2 = Encoding.UTF8.GetBytes($$"""{"uid": "{{Uid}}", "note": "kept as it is"}""");
        Tars.Write(Path.Combine(harness.Root, "a.tar"), members);
        await harness.RunAsync(Document, "a.tar");
        var output = CurationJobTests.ReadOutput(harness);

        Assert.Equal(["a web caption 80", "grey 10 95"], output.Select(s => Text(s, "txt")));
        Assert.All(output, s => Assert.Equal(members[0].Item2, Member(s, "png")));
        var (web, synthetic) = (JsonNode.Parse(Text(output[0], "json"))!, JsonNode.Parse(Text(output[1], "json"))!);
        Assert.StartsWith($$"""{"uid": "{{Uid}}", "note": "kept as it is",""", Text(output[0], "json"), StringComparison.Ordinal);
        Assert.Equal(("kept as it is", SampleUid.Derive($"{Uid}/synthetic").ToString()), ((string)synthetic["note"]!, (string)synthetic["uid"]!));
        Assert.Equal(
            """[{"origin":"web","text":"a web caption 80","score":0.8,"kept":true,"txt":true},{"origin":"synthetic","text":"grey 10 95","score":0.95,"kept":true,"txt":false}]""",
            web["captions"]!.ToJsonString());
        Assert.Equal([false, true], synthetic["captions"]!.AsArray().Select(c => (bool)c!["txt"]!));
        Assert.Equal((0.95f, 0.8f), ((float)web["scores"]!["capfilt"]!, (float)web["scores"]!["capfilt.web"]!));
        Assert.True(JsonNode.DeepEquals(web["scores"], synthetic["scores"]));

        using var rows = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "00000000.parquet"));
        Assert.Equal(
            [("k", "a web caption 80", Uid, "web"), ("k-s", "grey 10 95", (string)synthetic["uid"]!, "synthetic")],
            rows.ReadRows().Select(r => (r.OutputKey!, r.Text!, r.Uid!, r.Tags[1]!)));
        using var part = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores", "part-00000.parquet"));
        var row = Assert.Single(part.ReadRows());
        Assert.Equal(("k", "a web caption 80", Uid, "grey 10 95", "web synthetic"), (row.OutputKey, row.Text, row.Uid, row.Tags[0], row.Tags[1]));

        var ids = File.ReadAllBytes(Path.Combine(harness.Output, "sample_ids.npy"));
        Assert.Equal(128 + (2 * 16), ids.Length);
    }

    [Theory]
    [InlineData("best", new[] { "both-s", "web", "synthetic-s" })]
    [InlineData("synthetic-where-web-fails", new[] { "both", "web", "synthetic-s" })]
    public async Task Run_OtherRules_WriteOneSampleEach(string keep, string[] expected)
    {
        using var harness = new CurationHarness(Scripted(grey => grey < 40 ? 95 : 10));
        await RunAsync(harness, Document.Replace("union", keep, StringComparison.Ordinal), ("both", 10, "a web caption 80"), ("web", 90, "a web caption 80"), ("synthetic", 20, "a web caption 20"), ("none", 90, "a web caption 20"));
        Assert.Equal(expected, CurationJobTests.ReadOutput(harness).Select(s => s.Key));
        Assert.Equal((3, 1), (harness.Count("kept"), harness.Count("rejected")));
    }

    [Fact]
    public async Task Run_KeysThatWouldMeet_AreKeptApart()
    {
        using var harness = new CurationHarness(Scripted(_ => 95));
        await RunAsync(harness, Document, ("a", 10, "a web caption 80"), ("a-s", 20, "a web caption 80"), ("b-s", 30, "a web caption 80"), ("b", 40, "a web caption 20"));
        Assert.Equal(["a", "a-s", "a-s~0-1", "a-s~0-1-s", "b-s", "b-s-s", "b~0-3-s"], CurationJobTests.ReadOutput(harness).Select(s => s.Key));
    }

    [Fact]
    public async Task Run_KeyWithoutRoomForTheSuffix_IsSetAside()
    {
        // Room is left for the other key that a neighbour's may ask for as well: "~0-1-s.json" behind it.
        using var harness = new CurationHarness(Scripted(_ => 95));
        await RunAsync(harness, Document, (new string('k', 90), 10, "a web caption 80"), (new string('l', 89), 10, "a web caption 80"));
        Assert.Equal((1, 1), (harness.Count("kept"), harness.Count("quarantined:name-unwritable")));
    }

    [Fact]
    public async Task Run_EmptyCaption_LeavesTheWebCaptionAlone()
    {
        var models = Scripted(_ => 95);
        models.Write = (_, _) => "";
        using var harness = new CurationHarness(models);
        await RunAsync(harness, Document, ("good", 10, "a web caption 80"), ("bad", 20, "a web caption 20"));
        Assert.Equal(["good"], CurationJobTests.ReadOutput(harness).Select(s => s.Key));
        using var part = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores", "part-00000.parquet"));
        Assert.All(part.ReadRows(), r => Assert.Equal((null, null), (r.Signals[3], r.Tags[0])));
        Assert.Equal((1, 1), (harness.Count("rejected:capfilt.threshold"), harness.Count("captions:web")));
    }

    [Fact]
    public async Task Run_ScoresThatAreNoNumbers_SetTheSampleAside()
    {
        var models = Scripted(_ => 95);
        models.Write = (grey, _) => grey == 10 ? null : grey == 20 ? "synthetic nan" : "grey 95";
        using var harness = new CurationHarness(models);
        await RunAsync(harness, Document, ("captioner", 10, "a web caption 80"), ("synthetic", 20, "a web caption 80"), ("web", 30, "a web caption nan"), ("good", 40, "a web caption 80"));
        Assert.Equal(["good", "good-s"], CurationJobTests.ReadOutput(harness).Select(s => s.Key));
        Assert.Equal(3, harness.Count("quarantined:score-not-finite"));
        string[] messages = ["the captioner 'cap'", "NaN for the synthetic caption", "NaN for the web caption"];
        Assert.All(messages.Zip(harness.Quarantine()), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ClassToken_AndLengths_ReachTheModels()
    {
        var models = Scripted(_ => 95);
        using var harness = new CurationHarness(models);
        await RunAsync(harness, Document.Replace("\"keep\"", "\"token\": \"cls\", \"minLength\": 7, \"topP\": 0.8, \"keep\"", StringComparison.Ordinal), ("a", 10, "a web caption 90"));
        Assert.Equal(1, harness.Count("rejected:capfilt.threshold"));
        Assert.Equal((7, 33, 0.8, 1.1), (models.Seen!.MinLength, models.Seen.MaxLength, models.Seen.TopP, models.Seen.RepetitionPenalty));
    }

    [Fact]
    public async Task Run_OtherBatches_SameCaptions()
    {
        var texts = new List<string[]>();
        foreach (var batch in (int[])[1, 3, 32])
        {
            var models = new ScriptedCaptions();
            using var harness = new CurationHarness(models);
            await RunAsync(harness, Document.Replace("\"batchSize\": 4", $"\"batchSize\": {batch}", StringComparison.Ordinal), [.. Enumerable.Range(0, 10).Select(i => ($"k{i}", (byte)(10 * i), "a web caption 80"))]);
            texts.Add([.. CurationJobTests.ReadOutput(harness).Select(s => Text(s, "txt"))]);
            Assert.Equal(Enumerable.Repeat(batch, 10 / batch).Concat(10 % batch == 0 ? [] : [10 % batch]), models.Batches);
        }

        Assert.All(texts, t => Assert.Equal(texts[0], t));
        Assert.Equal(10, texts[0].Where(t => t.StartsWith("grey", StringComparison.Ordinal)).Select(t => t.Split(' ')[4]).Distinct().Count());
    }

    [Fact]
    public async Task Select_OverTheScores_WritesTheSameTexts()
    {
        using var harness = new CurationHarness(Scripted(grey => grey < 40 ? 95 : 10)) { OutputName = "scored" };
        await RunAsync(harness, Document, ("both", 10, "a web caption 80"), ("web", 90, "a web caption 80"), ("synthetic", 20, "a web caption 20"));
        var before = CurationJobTests.ReadOutput(harness).Select(Show).ToList();
        harness.OutputName = "selected";
        var end = await harness.SelectAsync("scored", """{ "by": "capfilt", "of": "synthetic", "min": 0.9 }""", samplesPerShard: 3);
        Assert.True(end.State == JobState.Succeeded, end.Error + string.Join(';', harness.Failures.Values.Select(f => f.Message)));
        Assert.Equal(before.Where(b => !b.StartsWith("web ", StringComparison.Ordinal)), CurationJobTests.ReadOutput(harness).Select(Show));
        Assert.Equal((2, 1, 2), (harness.Count("kept"), harness.Count("captions:web"), harness.Count("captions:synthetic")));
        Assert.Equal(1, harness.Count("rejected:select.capfilt.synthetic.min"));
    }

    [Fact]
    public async Task Run_CrashesAndAnotherOrder_ByteIdenticalOutput()
    {
        (string, byte, string)[] pool = [.. Enumerable.Range(0, 9).Select(i => ($"k{i}", (byte)(20 * i), i % 3 == 0 ? "a web caption 10" : "a web caption 80"))];
        using var plain = new CurationHarness(new ScriptedCaptions());
        await RunAsync(plain, Document, pool);
        using var rough = new CurationHarness(new ScriptedCaptions()) { Order = shards => shards.Reverse(), CrashAfter = (_, index) => index % 2 == 0 };
        await RunAsync(rough, Document, pool);
        Assert.Equal(plain.OutputDigests(), rough.OutputDigests());
        Assert.Equal(9, plain.Count("kept"));
    }

    private static ScriptedCaptions Scripted(Func<int, int> score) =>
        new() { Write = (grey, _) => string.Create(CultureInfo.InvariantCulture, $"grey {grey} {score(grey)}") };

    private static Task<Domain.Jobs.PhaseStep.End> RunAsync(CurationHarness harness, string document, params (string Key, byte Grey, string Caption)[] pool)
    {
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. pool.SelectMany(p => Tars.Sample(p.Key, p.Grey, p.Caption))]);
        return harness.RunAsync(document, "a.tar");
    }

    private static string Show(WebSample sample) => $"{sample.Key} {Text(sample, "txt")} {Text(sample, "json")}";

    private static string Text(WebSample sample, string extension) => Encoding.UTF8.GetString(Member(sample, extension));

    private static byte[] Member(WebSample sample, string extension)
    {
        Assert.True(sample.TryGet(extension, out var member));
        return member.Data.ToArray();
    }
}
