using System.Text.Json.Nodes;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

public sealed class SelectionJobTests
{
    private const string Scored = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter", "language": "any" }, { "type": "clip-score", "model": "bright", "as": "clip" }, { "type": "dedup" } ],
          "select": SELECT,
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Theory]
    [InlineData("""{ "by": "clip", "topFraction": 0.5 }""")]
    [InlineData("""{ "by": "clip", "topCount": 7 }""")]
    [InlineData("""{ "by": "clip", "topFraction": 0.25, "dataComp": true }""")]
    [InlineData("""{ "any": [ { "by": "clip", "min": 0.6 }, { "by": "clip", "topCount": 4 } ] }""")]
    public async Task Run_ScoresOfAnotherSelect_GivesTheTarsOfACurationWithThisSelect(string select)
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        var tars = WritePool(harness);
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), tars);
        harness.OutputName = "selected";
        var end = await harness.SelectAsync("scored", select);
        Assert.True(end.State == JobState.Succeeded, end.Error + string.Join(';', harness.Failures.Values.Select(f => f.Message)));
        var selected = Contents(harness);

        harness.OutputName = "direct";
        await harness.RunAsync(Scored.Replace("SELECT", select, StringComparison.Ordinal), tars);
        Assert.Equal(Contents(harness), selected);
        Assert.NotEmpty(selected);
    }

    [Fact]
    public async Task Run_NoSelect_KeepsEveryCandidateAndLeavesTheOthersAsTheyWere()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        var before = (harness.Count("read"), harness.Count("duplicate"), harness.Count("quarantined"), harness.Count("rejected:basic-filter.minWords"));
        var quarantine = harness.Quarantine();
        harness.OutputName = "selected";
        await harness.SelectAsync("scored/scores", null);
        Assert.Equal(before, (harness.Count("read"), harness.Count("duplicate"), harness.Count("quarantined"), harness.Count("rejected:basic-filter.minWords")));
        Assert.Equal((33, 5, 1, 2, 25), (before.Item1, before.Item2, before.Item3, before.Item4, harness.Count("kept")));
        Assert.Equal(quarantine, harness.Quarantine());
        Assert.Equal(before.Item4, harness.Count("rejected"));
        Assert.Equal("scored", (string?)harness.Manifest()["document"]!["from"]);
    }

    [Fact]
    public async Task Run_ASelectionOfASelection_CountsAllCandidatesAgain()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        harness.OutputName = "one";
        await harness.SelectAsync("scored", """{ "by": "clip", "topCount": 12 }""");
        var first = Contents(harness);
        harness.OutputName = "two";
        await harness.SelectAsync("one", """{ "by": "clip", "topCount": 1 }""");
        Assert.Equal(1, harness.Count("kept"));
        harness.OutputName = "three";
        await harness.SelectAsync("two", """{ "by": "clip", "topCount": 12 }""");
        Assert.Equal(first, Contents(harness));
    }

    [Fact]
    public async Task Run_InputShardGone_FailsWithTheRemedy()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        var tars = WritePool(harness);
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), tars);
        File.Delete(Path.Combine(harness.Root, tars[1]));
        harness.OutputName = "selected";
        Assert.Equal(JobState.Failed, (await harness.SelectAsync("scored", null)).State);
        Assert.Contains("set inputBase", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnOutputThatIsBeingPublished_IsRefused()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        File.Delete(Path.Combine(harness.Output, "manifest.json"));
        File.Delete(Path.Combine(harness.Output, "scores/part-00002.parquet"));
        Directory.CreateDirectory(Path.Combine(harness.Output, ".work"));
        harness.OutputName = "selected";
        foreach (var from in (string[])["scored", "scored/scores"])
        {
            Assert.Equal(JobState.Failed, (await harness.SelectAsync(from, null)).State);
            Assert.Contains("has not finished: there is no manifest.json yet", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Run_PartsThatTheManifestDoesNotList_AreLeftOutAndThoseThatItListsMustBeThere()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        var scores = Path.Combine(harness.Output, "scores");
        File.Copy(Path.Combine(scores, "part-00000.parquet"), Path.Combine(scores, "part-00009.parquet"));
        harness.OutputName = "selected";
        Assert.Equal(JobState.Succeeded, (await harness.SelectAsync("scored", null)).State);
        Assert.Equal(33, harness.Count("read"));

        File.Delete(Path.Combine(scores, "part-00001.parquet"));
        harness.OutputName = "again";
        Assert.Equal(JobState.Failed, (await harness.SelectAsync("scored", null)).State);
        Assert.Contains("The part is gone that manifest.json lists", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
        Assert.Contains("part-00001.parquet", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ScoresThatWereCopiedAlone_CountWithAllTheirParts()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        var copy = Directory.CreateDirectory(Path.Combine(harness.Root, "copy", "scores")).FullName;
        foreach (var part in Directory.GetFiles(Path.Combine(harness.Output, "scores")))
        {
            File.Copy(part, Path.Combine(copy, Path.GetFileName(part)));
        }

        harness.OutputName = "selected";
        Assert.Equal(JobState.Succeeded, (await harness.SelectAsync("copy", null)).State);
        Assert.Equal(33, harness.Count("read"));
    }

    [Fact]
    public async Task Preview_OfEveryRule_CountsWhatTheJobThenKeeps()
    {
        using var harness = new CurationHarness { OutputName = "scored" };
        await harness.RunAsync(Scored.Replace("SELECT", """{ "by": "clip", "topCount": 3 }""", StringComparison.Ordinal), WritePool(harness));
        const string Select = """{ "any": [ { "by": "clip", "topCount": 10 }, { "all": [ { "by": "clip", "topFraction": 0.8 }, { "by": "basic-filter.chars", "min": 1 } ] } ] }""";
        var parts = ScoreFolder.Open(Path.Combine(harness.Root, "scored"), "from").Value.Parts;
        using var rule = System.Text.Json.JsonDocument.Parse($$"""{ "kind": "selection", "name": "s", "from": "f", "select": {{Select}}, "output": { "path": "o" } }""");
        var preview = SelectionPreview.Count(parts, Domain.Curation.SelectionParser.Parse(rule.RootElement).Document!.Select, TestContext.Current.CancellationToken);
        harness.OutputName = "selected";
        await harness.SelectAsync("scored", Select);

        Assert.Equal((33, 25, harness.Count("kept")), (preview.Samples, preview.Candidates, preview.Kept));
        Assert.Equal([("select.clip.topCount", 10), ("select.clip.topFraction", 20), ("select.basic-filter.chars.min", 25)], preview.Rules.Select(r => (r.Rule, r.Kept)));
        Assert.Equal([0, 0, 5], preview.Rules.Select(r => r.Alone));
        Assert.Equal([(10, 20), (10, 25), (20, 25)], preview.Overlaps.Select(o => (o.Both, o.Either)));
    }

    private static string[] WritePool(CurationHarness harness)
    {
        // Thirty greys of which five are there twice, two captions that are too short, one image that is none.
        for (var shard = 0; shard < 3; shard++)
        {
            var members = Enumerable.Range(0, 10).SelectMany(i => Tars.Sample(Tars.Key(shard, i), (byte)(8 * ((shard * 10) + i - (shard == 2 && i >= 5 ? 15 : 0))), "a small grey square"));
            var odd = shard == 0 ? [($"odd.png", "no image"u8.ToArray()), ("odd.txt", "a small grey square"u8.ToArray())] : Tars.Sample($"short{shard}", 250, "short");
            Tars.Write(Path.Combine(harness.Root, $"{shard}.tar"), [.. members, .. odd]);
        }

        return ["0.tar", "1.tar", "2.tar"];
    }

    /// <summary>Digests of the tars, their tables and the ids: what does not name the document.</summary>
    private static SortedDictionary<string, string> Contents(CurationHarness harness) =>
        new(harness.OutputDigests().Where(f => f.Key.StartsWith("0000", StringComparison.Ordinal) || f.Key is "sample_ids.npy" or "sizes.json" or "quarantine.jsonl" || f.Key.StartsWith("scores", StringComparison.Ordinal))
            .ToDictionary(f => f.Key, f => f.Value));
}
