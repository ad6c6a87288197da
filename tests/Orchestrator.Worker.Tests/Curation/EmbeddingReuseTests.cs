using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Image embeddings of an earlier job stand in for the image tower.</summary>
public sealed class EmbeddingReuseTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "NAME", "batchSize": 4, "keepEmbeddings": KEEP MORE } ],
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task EmbeddingsFrom_NewCaptionsAndOneNewPicture_RunsTheImageTowerOnThatPictureAlone()
    {
        using var harness = new CurationHarness { OutputName = "first" };
        var models = (BrightnessModels)harness.Models;
        Write(harness, "a.tar", "old", 0, 9);
        Write(harness, "b.tar", "old", 9, 9);
        await harness.RunAsync(With("clip", keep: true), "a.tar", "b.tar");
        Assert.Equal(18, models.Batches.Sum());
        var first = Rows(harness);

        // Other captions, another order of samples, one picture gone, one new.
        harness.OutputName = "second";
        models.Batches.Clear();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Enumerable.Range(1, 8).Reverse().SelectMany(i => Tars.Sample($"{i:D2}", Grey(i), "new")), .. Tars.Sample("99", 251, "new")]);
        var end = await harness.RunAsync(With("again", keep: true, harness.Root + "/first"), "a.tar", "b.tar");
        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal([1], models.Batches);
        Assert.Equal((17, 1), (harness.Count("embeddingsReused:again"), harness.Count("embeddingsComputed:again")));
        Assert.Equal("i1", (string)harness.Manifest()["embeddings"]!["again"]!);

        // Scores differ by what half precision loses, and the kept embeddings not at all.
        var fresh = first.ToDictionary(r => r.Key, r => r.Signals[0]!.Value);
        var second = Rows(harness);
        Assert.All(second.Where(r => r.Key != "99"), r => Assert.Equal(fresh[r.Key], r.Signals[0]!.Value, 1e-3));
        Assert.Equal(251 / 255f, second.Single(r => r.Key == "99").Signals[0]!.Value, 1e-6);
        var before = Embeddings(harness, "first/embeddings/clip", 0, first);
        foreach (var (key, row) in Embeddings(harness, "second/embeddings/again", 0, second).Where(e => e.Key != "99"))
        {
            Assert.Equal(before[key], row);
        }
    }

    [Fact]
    public async Task EmbeddingsFrom_AnyOrderAnyCrash_GivesTheSameBytes()
    {
        async Task<SortedDictionary<string, string>> Run(CurationHarness harness)
        {
            harness.OutputName = "first";
            Write(harness, "a.tar", "old", 0, 9);
            Write(harness, "b.tar", "old", 9, 9);
            await harness.RunAsync(With("clip", keep: true), "a.tar", "b.tar");
            harness.OutputName = "second";
            Write(harness, "a.tar", "new", 0, 11);
            await harness.RunAsync(With("clip", keep: false, harness.Root + "/first"), "a.tar", "b.tar", "a.tar");
            return harness.OutputDigests();
        }

        using var plain = new CurationHarness();
        using var rough = new CurationHarness { Order = shards => shards.Reverse(), CrashAfter = (_, _) => true };

        // The earlier job's folder differs between the two and is named by the document.
        bool Same(KeyValuePair<string, string> file) => file.Key is not ("manifest.json" or "report/index.html");
        Assert.Equal((await Run(plain)).Where(Same), (await Run(rough)).Where(Same));
    }

    [Fact]
    public async Task EmbeddingsFrom_ShardsThatMovedToAnotherFolder_AreFoundByTheirFileNames()
    {
        using var harness = new CurationHarness { OutputName = "first" };
        Write(harness, "a.tar", "old", 0, 5);
        await harness.RunAsync(With("clip", keep: true), "a.tar");
        harness.OutputName = "second";
        Directory.CreateDirectory(Path.Combine(harness.Root, "moved"));
        Write(harness, "moved/a.tar", "new", 0, 5);
        Write(harness, "moved/z.tar", "new", 0, 5);
        await harness.RunAsync(With("clip", keep: false, harness.Root + "/first"), "moved/a.tar", "moved/z.tar");

        // The earlier job saw no z.tar, so its pictures are encoded although they are the same.
        Assert.Equal((5, 5), (harness.Count("embeddingsReused:clip"), harness.Count("embeddingsComputed:clip")));
    }

    [Fact]
    public async Task EmbeddingsFrom_AFolderThatWasWrittenAgain_IsReadAgain()
    {
        using var harness = new CurationHarness { OutputName = "first" };
        Write(harness, "a.tar", "old", 0, 5);
        Write(harness, "b.tar", "old", 5, 4);
        await harness.RunAsync(With("clip", keep: true), "a.tar");
        harness.OutputName = "second";
        await harness.RunAsync(With("clip", keep: false, harness.Root + "/first"), "a.tar", "b.tar");
        Assert.Equal((5, 4), (harness.Count("embeddingsReused:clip"), harness.Count("embeddingsComputed:clip")));

        Directory.Delete(Path.Combine(harness.Root, "first"), recursive: true);
        harness.OutputName = "first";
        await harness.RunAsync(With("clip", keep: true), "a.tar", "b.tar");
        harness.OutputName = "third";
        await harness.RunAsync(With("clip", keep: false, harness.Root + "/first"), "a.tar", "b.tar");
        Assert.Equal((9, 0), (harness.Count("embeddingsReused:clip"), harness.Count("embeddingsComputed:clip")));
    }

    [Theory]
    [InlineData("other model", "of other image towers or preprocessing (clip: i1) than this stage's model has (i2)")]
    [InlineData("not kept", "kept no image embeddings; run that job again with keepEmbeddings")]
    [InlineData("no folder", "The folder holds no score parts")]
    [InlineData("no manifest", "There is no manifest")]
    [InlineData("lost", "There is no such embedding file")]
    public async Task EmbeddingsFrom_SomethingElse_FailsWithTheRemedy(string what, string message)
    {
        using var harness = new CurationHarness { OutputName = "first" };
        Write(harness, "a.tar", "old", 0, 3);
        await harness.RunAsync(With("clip", keep: what != "not kept"), "a.tar");
        ((BrightnessModels)harness.Models).ImageDigest = what == "other model" ? "i2" : "i1";
        if (what is "no manifest" or "lost")
        {
            File.Delete(Path.Combine(harness.Root, "first", what == "lost" ? "embeddings/clip/img_emb/img_emb_0.npy" : "manifest.json"));
        }

        harness.OutputName = "second";
        var end = await harness.RunAsync(With("clip", keep: false, $"{harness.Root}/{(what == "no folder" ? "none" : "first")}"), "a.tar");
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains(message, harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    private static byte Grey(int i) => (byte)(10 * (i + 1));

    private static void Write(CurationHarness harness, string name, string caption, int first, int count) =>
        Tars.Write(Path.Combine(harness.Root, name), [.. Enumerable.Range(first, count).SelectMany(i => Tars.Sample($"{i:D2}", Grey(i), caption))]);

    private static string With(string name, bool keep, string? from = null) => Document
        .Replace("NAME", name, StringComparison.Ordinal)
        .Replace("KEEP", keep ? "true" : "false", StringComparison.Ordinal)
        .Replace("MORE", from is null ? "" : $", \"embeddingsFrom\": \"{from}\"", StringComparison.Ordinal);

    private static List<ScoreRow> Rows(CurationHarness harness)
    {
        var rows = new List<ScoreRow>();
        foreach (var part in Directory.GetFiles(Path.Combine(harness.Output, "scores")).Order(StringComparer.Ordinal))
        {
            using var reader = ScorePartReader.OpenOrThrow(part);
            rows.AddRange(reader.ReadRows());
        }

        return rows;
    }

    private static Dictionary<string, Half[]> Embeddings(CurationHarness harness, string folder, int part, List<ScoreRow> rows)
    {
        using var reader = HalfNpy.Open(Path.Combine(harness.Root, $"{folder}/img_emb/img_emb_{part}.npy")).Value;
        var found = new Dictionary<string, Half[]>();
        for (var i = 0; i < reader.Rows; i++)
        {
            reader.ReadAt(i, found[rows[i].Key] = new Half[reader.Dimension]);
        }

        return found;
    }
}
