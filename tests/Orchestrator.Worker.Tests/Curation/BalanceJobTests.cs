using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

public sealed class BalanceJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] }, "seed": 11,
          "stages": [ { "type": "dedup" }, { "type": "balance", "entries": "ENTRIES", "t": 10 } ],
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Run_ACommonAndARareEntry_KeepsTheRareAndAFairShareOfTheCommon()
    {
        using var harness = new CurationHarness();
        var end = await harness.RunAsync(WithEntries(harness), Pool(harness));
        Assert.Equal(JobState.Succeeded, end.State);

        // 60 samples of the common entry are drawn at 10/60 each; the rare ones and one with both always stay.
        Assert.Equal((68, 1, 2), (harness.Count("read"), harness.Count("duplicate"), harness.Count("rejected:balance.unmatched")));
        Assert.InRange(harness.Count("kept"), 5 + 2, 5 + 24);
        Assert.Equal(68 - 1 - 2 - harness.Count("kept"), harness.Count("rejected:balance.sampled"));
        using var reader = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores/part-00000.parquet"));
        var rows = reader.ReadRows().ToDictionary(r => r.Key);
        Assert.All(rows.Values.Where(r => r.Key.StartsWith("rare", StringComparison.Ordinal)), r => Assert.Equal("kept", r.State));
        Assert.Equal(("0 1", "1", ""), (Entries(rows["rare-and-common"]), Entries(rows["rare0"]), Entries(rows["none0"])));

        // The draw is the one that the seed and the uid give.
        foreach (var row in rows.Values.Where(r => r.Key.StartsWith("common", StringComparison.Ordinal) && r.State != "duplicate"))
        {
            var (high, low) = (Convert.ToUInt64(row.Uid![..16], 16), Convert.ToUInt64(row.Uid[16..], 16));
            Assert.Equal(SampleChance.Uniform(11, 1, high, low) < 10.0 / 60, row.State == "kept");
        }
    }

    [Fact]
    public async Task Run_AnyOrderAnyCrash_GivesTheSameBytes()
    {
        using var plain = new CurationHarness();
        await plain.RunAsync(WithEntries(plain, "e.txt"), Pool(plain));
        using var rough = new CurationHarness { CrashAfter = (_, _) => true };
        await rough.RunAsync(WithEntries(rough, "e.txt"), Pool(rough));

        // The list's place differs between the two and is named by the document, so only what does not hold it is compared.
        bool Plain(KeyValuePair<string, string> file) => file.Key is not ("manifest.json" or "report/index.html");
        Assert.Equal(plain.OutputDigests().Where(Plain), rough.OutputDigests().Where(Plain));
    }

    [Theory]
    [InlineData("[1, 2]")]
    [InlineData("\n\n")]
    public async Task Run_AListThatIsNone_FailsWithTheRemedy(string content)
    {
        using var harness = new CurationHarness();
        var document = WithEntries(harness);
        File.WriteAllText(Path.Combine(harness.Root, "entries.json"), content);
        Assert.Equal(JobState.Failed, (await harness.RunAsync(document, Pool(harness))).State);
        Assert.Contains("an entry a line", harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AListThatChangedSinceTheLastJob_IsReadAgain()
    {
        using var harness = new CurationHarness();
        var (document, pool) = (WithEntries(harness), Pool(harness));
        await harness.RunAsync(document, pool);
        var before = (string?)harness.Manifest()["models"]!["balance.entries"];
        File.WriteAllText(Path.Combine(harness.Root, "entries.json"), """["concatenated"]""");
        harness.OutputName = "second";
        await harness.RunAsync(document, pool);
        Assert.Equal((1, 68 - 1 - 1), (harness.Count("kept"), harness.Count("rejected:balance.unmatched")));
        Assert.NotEqual(before, (string?)harness.Manifest()["models"]!["balance.entries"]);
    }

    [Fact]
    public async Task Run_AListThatWasMended_IsReadByTheNextAttempt()
    {
        using var harness = new CurationHarness();
        var (document, pool) = (WithEntries(harness), Pool(harness));
        var (path, time) = (Path.Combine(harness.Root, "entries.json"), DateTime.UnixEpoch);
        File.WriteAllText(path, "[12345]");
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(JobState.Failed, (await harness.RunAsync(document, pool)).State);
        File.WriteAllText(path, """["cat"]""");
        File.SetLastWriteTimeUtc(path, time);
        Assert.Equal(JobState.Succeeded, (await harness.RunAsync(document, pool)).State);
    }

    [Fact]
    public async Task Run_AListThatChangesBetweenTwoShards_IsRefusedInsteadOfMixingTwoNumberings()
    {
        using var harness = new CurationHarness();
        var document = WithEntries(harness);
        Pool(harness);
        File.Copy(Path.Combine(harness.Root, "a.tar"), Path.Combine(harness.Root, "b.tar"));
        harness.Order = shards => shards.Select((shard, i) =>
        {
            File.WriteAllText(Path.Combine(harness.Root, "entries.json"), i == 0 ? """["cat", "blue zebra"]""" : """["blue zebra", "a", "cat"]""");
            return shard;
        });
        Assert.Equal(JobState.Failed, (await harness.RunAsync(document, "a.tar", "b.tar")).State);
        Assert.Contains("'balance.entries': shard a.tar was scored with digest", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
    }

    private static string Entries(ScoreRow row) => row.Tags[^1]!;

    private static string WithEntries(CurationHarness harness, string name = "entries.json")
    {
        var path = Path.Combine(harness.Root, name);
        File.WriteAllText(path, name.EndsWith("json", StringComparison.Ordinal) ? """["cat", "blue zebra"]""" : "cat\nblue zebra\n");
        return Document.Replace("ENTRIES", path, StringComparison.Ordinal);
    }

    private static string[] Pool(CurationHarness harness)
    {
        // Widths differ so that no image is another's duplicate but for the last.
        var members = new List<(string, byte[])>();
        void Add(string key, string caption, int width) => members.AddRange(Tars.Sample(key, 100, caption, width, 20));
        for (var i = 0; i < 59; i++)
        {
            Add($"common{i:D2}", "a cat, again", 20 + i);
        }

        Add("rare-and-common", "a cat and a blue zebra", 200);
        for (var i = 0; i < 5; i++)
        {
            Add($"rare{i}", "one blue zebra!", 300 + i);
        }

        Add("none0", "a Cat", 400);
        Add("none1", "concatenated", 401);
        Add("common99", "a cat, again", 20);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. members]);
        return ["a.tar"];
    }
}
