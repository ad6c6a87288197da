using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary><c>image-cluster-filter</c> and <c>synset-labels</c> as stages of whole jobs.</summary>
public sealed class PoolStageJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip", "batchSize": 7, "keepEmbeddings": true }, STAGES ],
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    private static readonly string Dictionary = RepositoryFolder.PathOf("samples", "wordnet-demo");

    [Fact]
    public async Task ImageClusters_ReferenceArrayAndCentroids_KeepsTheClustersOfTheReference()
    {
        using var harness = new CurationHarness();

        // Embeddings are (brightness, sqrt(1 - brightness^2)): dark, middle and bright centroids, of which a dark and a
        // bright reference want two; by the dot product the middle one begins at 0.394 and ends at 0.919.
        Write(harness, "c.npy", [0, 1], [0.7f, 0.7f], [1, 0]);
        Write(harness, "r.npy", [0.1f, 1], [0.98f, 0.2f]);
        var end = await harness.RunAsync(With($$"""{ "type": "image-cluster-filter", "from": "clip", "reference": "{{harness.Root}}/r.npy", "centroids": "{{harness.Root}}/c.npy" }"""), Pool(harness));
        Assert.Equal(JobState.Succeeded, end.State);
        var rows = Rows(harness);
        Assert.All(rows, r => Assert.Equal(r.Signals[0] is < 0.394f or > 0.919f ? "kept" : "rejected", r.State));
        Assert.All(rows.Where(r => r.State == "rejected"), r => Assert.Equal("image-cluster-filter.unmatched", r.Reason));
        Assert.Equal(harness.Count("rejected"), harness.Count("rejected:image-cluster-filter.unmatched"));
        Assert.Contains("Clusters of images", File.ReadAllText(Path.Combine(harness.Output, "report/index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImageClusters_ReferenceJob_TakesWhatThatJobKept()
    {
        using var harness = new CurationHarness { OutputName = "reference" };
        Tars.Write(Path.Combine(harness.Root, "r.tar"), [.. Tars.Sample("dark", 5, "x"), .. Tars.Sample("bright", 250, "x")]);
        await harness.RunAsync(With("""{ "type": "dedup" }""").Replace("\"output\"", """ "select": { "by": "clip", "min": 0.5 }, "output" """, StringComparison.Ordinal), "r.tar");
        Assert.Equal(1, harness.Count("kept"));

        harness.OutputName = "out";
        await harness.RunAsync(With($$"""{ "type": "image-cluster-filter", "from": "clip", "reference": "{{harness.Root}}/reference", "clusters": 2 }"""), Pool(harness));
        var rows = Rows(harness);
        var lowest = rows.Where(r => r.State == "kept").Min(r => r.Signals[0]);
        Assert.InRange(harness.Count("kept"), 3, 27);
        Assert.All(rows, r => Assert.Equal(r.Signals[0] >= lowest, r.State == "kept"));
    }

    [Fact]
    public async Task ImageClusters_AReferenceWithoutEmbeddings_FailsWithTheRemedy()
    {
        using var harness = new CurationHarness { OutputName = "first" };
        Tars.Write(Path.Combine(harness.Root, "r.tar"), [.. Tars.Sample("a", 5, "x")]);
        await harness.RunAsync(With("""{ "type": "dedup" }""").Replace("\"keepEmbeddings\": true", "\"keepEmbeddings\": false", StringComparison.Ordinal), "r.tar");
        harness.OutputName = "out";
        var end = await harness.RunAsync(With($$"""{ "type": "image-cluster-filter", "from": "clip", "reference": "{{harness.Root}}/first" }"""), "r.tar");
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains("stages[].reference", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
        Assert.Contains("run that job again with keepEmbeddings on the stage 'clip'", harness.Failures["decide-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Synsets_RareLabelsAndUnlabelledSamples_LeaveTheVocabularyAndThePool()
    {
        using var harness = new CurationHarness();
        (string Key, string Caption)[] samples =
        [
            ("a", "two red Circles"), ("b", "a circle, a square and a red%20star"), ("c", "the square's photograph"), ("d", "nothing at all"), ("e", "hoops and circles"),
        ];
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. samples.SelectMany((s, i) => Tars.Sample(s.Key, (byte)(40 * i), s.Caption))]);
        var end = await harness.RunAsync(With($$"""{ "type": "synset-labels", "dictionary": "{{Link(harness)}}", "minCount": 2, "maxLabels": 2, "requireLabel": true }"""), "a.tar");
        Assert.Equal(JobState.Succeeded, end.State);
        var rows = Rows(harness).ToDictionary(r => r.Key);
        var (circle, square, red) = (LabelOf("circle"), LabelOf("square"), LabelOf("red"));

        // photograph and hoop are not the first names of their synsets, star is rare.
        Assert.Equal([$"{red} {circle}", $"{circle} {square}", square, "", circle], samples.Select(s => rows[s.Key].Tags[^1]));
        Assert.Equal(("rejected", "synset-labels.unlabelled"), (rows["d"].State, rows["d"].Reason));
        Assert.Equal(4, harness.Count("kept"));
        using var vocabulary = JsonDocument.Parse(File.ReadAllText(Path.Combine(harness.Output, "synsets.json")));
        Assert.Equal([(circle, 3), (red, 2), (square, 2)], vocabulary.RootElement.EnumerateObject().Select(l => (l.Name, l.Value.GetInt32())));
        Assert.Equal(64, ((string)harness.Manifest()["models"]!["synset-labels.dictionary"]!).Length);
    }

    [Fact]
    public async Task Synsets_Synonyms_TakeAnyNameOfASynset()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("a", 40, "a hoop in a photograph")]);
        await harness.RunAsync(With($$"""{ "type": "synset-labels", "dictionary": "{{Link(harness)}}", "synonyms": true }"""), "a.tar");
        Assert.Equal($"{LabelOf("ring")} {LabelOf("photo")}", Rows(harness)[0].Tags[^1]);
    }

    [Theory]
    [InlineData("index.noun", "circle n 1 1 @ 1 0 99999999", "synset 99999999 is not in data.noun")]
    [InlineData("index.noun", "circle n one", "index.noun, line 1: not a line of an index")]
    [InlineData("data.noun", "12x4 03 n 01 circle 0 000 | round", "'12x4' stands where the offset of a synset should")]
    [InlineData("data.noun", "", "is not in data.noun")]
    public async Task Synsets_ADictionaryThatIsNone_FailsWithFileAndLine(string file, string content, string problem)
    {
        using var harness = new CurationHarness();
        var folder = Link(harness);
        File.WriteAllText(Path.Combine(folder, file), content);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Tars.Sample("a", 40, "x")]);
        Assert.Equal(JobState.Failed, (await harness.RunAsync(With($$"""{ "type": "synset-labels", "dictionary": "{{folder}}" }"""), "a.tar")).State);
        Assert.Contains(problem, harness.Failures["score-0"].Message, StringComparison.Ordinal);
        Assert.Contains("stages[].dictionary", harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AllPoolStagesAnyOrderAnyCrash_GiveTheSameBytes()
    {
        string Stages(CurationHarness harness) => $$"""
            { "type": "dedup", "method": "sha256" },
            { "type": "image-cluster-filter", "from": "clip", "reference": "{{harness.Root}}/r.npy", "clusters": 5, "iterations": 4 },
            { "type": "image-cluster-filter", "from": "clip", "reference": "{{harness.Root}}/r.npy", "clusters": 3, "metric": "cosine" },
            { "type": "synset-labels", "dictionary": "{{Link(harness)}}", "minCount": 3, "requireLabel": true }
            """;
        using var plain = new CurationHarness();
        Write(plain, "r.npy", [0.3f, 0.9f], [0.99f, 0.1f]);
        await plain.RunAsync(With(Stages(plain)), Pool(plain));
        using var rough = new CurationHarness { Order = shards => shards.Reverse(), CrashAfter = (_, index) => index % 2 == 0 };
        Write(rough, "r.npy", [0.3f, 0.9f], [0.99f, 0.1f]);
        await rough.RunAsync(With(Stages(rough)), Pool(rough));

        // Paths of the reference and the dictionary differ between the two and are named by the document.
        bool Same(KeyValuePair<string, string> file) => file.Key is not ("manifest.json" or "report/index.html");
        Assert.Equal(plain.OutputDigests().Where(Same), rough.OutputDigests().Where(Same));
        Assert.InRange(plain.Count("kept"), 1, 29);
        Assert.True(plain.Count("rejected:image-cluster-filter.unmatched") > 0 && plain.Count("rejected:synset-labels.unlabelled") > 0, plain.Manifest()["counts"]!.ToJsonString());
        Assert.False(Directory.Exists(Path.Combine(rough.Output, ".work")));
    }

    private static string[] Pool(CurationHarness harness)
    {
        string[] captions = ["a red circle", "a red square", "no such word", "a blue circle", "green"];
        for (var shard = 0; shard < 3; shard++)
        {
            Tars.Write(Path.Combine(harness.Root, $"{shard}.tar"), [.. Enumerable.Range(0, 10).SelectMany(i => Tars.Sample($"{shard}{i}", (byte)((85 * shard) + (9 * i)), captions[((3 * shard) + i) % 5]))]);
        }

        return ["0.tar", "1.tar", "2.tar"];
    }

    // A copy inside the harness's root, since paths outside it are refused.
    private static string Link(CurationHarness harness)
    {
        var folder = Directory.CreateDirectory(Path.Combine(harness.Root, "words")).FullName;
        foreach (var name in WordNetNouns.FileNames)
        {
            File.Copy(Path.Combine(Dictionary, name), Path.Combine(folder, name), overwrite: true);
        }

        return folder;
    }

    private static string LabelOf(string word) => $"n{WordNetNouns.Read(Dictionary, "dictionary").Value.Find(word)!.Value.Offset}";

    private static void Write(CurationHarness harness, string name, params float[][] rows)
    {
        using var file = File.Create(Path.Combine(harness.Root, name));
        file.Write(HalfNpy.Header(rows.Length, rows[0].Length));
        foreach (var row in rows)
        {
            file.Write(HalfNpy.Bytes(Array.ConvertAll(row, v => (Half)v)));
        }
    }

    private static string With(string stages) => Document.Replace("STAGES", stages, StringComparison.Ordinal);

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
}
