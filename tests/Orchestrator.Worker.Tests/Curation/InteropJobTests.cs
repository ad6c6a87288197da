using System.Text;
using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;
using Orchestrator.Tests.Shared;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Inputs that other programs made: img2dataset's folders, DataComp's subsets, published scores.</summary>
public sealed class InteropJobTests
{
    private const string Plain = """{ "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] INPUT }, "stages": [ STAGES ], SELECT "output": { "path": "x", "samplesPerShard": 100 } }""";
    private const string AnyLanguage = """{ "type": "basic-filter", "language": "any" }""";

    [Theory]
    [InlineData("{0:D9}", 5)]
    [InlineData("{0:D12}", 8)]
    public async Task Run_Img2DatasetFolder_AccountsForEveryRowOfItsTables(string keys, int shardDigits)
    {
        using var harness = new CurationHarness();
        var tars = new[] { 0, 1 }.Select(s => WriteDownloaded(harness, s, keys, shardDigits)).ToArray();
        var end = await harness.RunAsync(Document(""", "format": "img2dataset" """), tars);
        Assert.True(end.State == JobState.Succeeded, Failures(harness));

        // 10 asked for in each shard: 6 downloaded, 2 not found, 1 not decodable, 1 that img2dataset says nothing of.
        Assert.Equal((20, 12, 8, 12), (harness.Count("listed"), harness.Count("read"), harness.Count("notDownloaded"), harness.Count("kept")));
        Assert.Equal((4, 2, 2), (harness.Count("notDownloaded:failed_to_download"), harness.Count("notDownloaded:failed_to_resize"), harness.Count("notDownloaded:unrecorded")));
        var lines = harness.Quarantine().Select(l => JsonElement.Parse(l)).ToList();
        Assert.Equal(8, lines.Count);
        Assert.All(lines, l => Assert.Equal("download", l.GetProperty("stage").GetString()));
        Assert.Contains(lines, l => l.GetProperty("key").GetString() == Key(keys, 1, 2) && l.GetProperty("message").GetString() == "failed_to_download: HTTP Error 404: Not Found");

        // The report has them too, of the rows that were listed.
        var report = System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(Path.Combine(harness.Output, "report/index.html")), "<[^>]+>", "|");
        Assert.DoesNotContain("Nothing had to be set aside", report, StringComparison.Ordinal);
        Assert.Matches(@"failed_to_download\|+4\|+20(\.0)? ?%", report);

        // What img2dataset wrote in the JSON is there as it was.
        using var reader = new Data.WebDataset.TarShardReader(File.OpenRead(Path.Combine(harness.Output, "00000000.tar")));
        Assert.True(reader.TryRead(out var sample));
        Assert.True(sample.TryGet("json", out var json));
        var root = JsonElement.Parse(json.Data.Span);
        Assert.Equal(Key(keys, 0, 0), sample.Key);
        Assert.Equal(("""{"Image Orientation": "Horizontal"}""", 1024, "https://pool/0"), (root.GetProperty("exif").GetString(), root.GetProperty("original_width").GetInt32(), root.GetProperty("url").GetString()));
    }

    [Fact]
    public async Task Run_Img2DatasetTarCutShort_NamesWhatItsTableHadMore()
    {
        using var harness = new CurationHarness();
        var tar = WriteDownloaded(harness, 0, "{0:D9}", 5);
        var path = Path.Combine(harness.Root, tar);
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]);
        var end = await harness.RunAsync(Document(""", "format": "img2dataset" """), tar);
        Assert.True(end.State == JobState.SucceededWithFailures, end.State + Failures(harness));
        Assert.True(harness.Count("notDownloaded:missing-from-tar") > 0);
        Assert.Equal(10, harness.Count("read") + harness.Count("notDownloaded"));
        Assert.Equal(1, harness.Count("damagedShards"));
    }

    [Theory]
    [InlineData("no-stats", "00000_stats.json beside it")]
    [InlineData("no-table", "00000.parquet beside it")]
    [InlineData("other-table", "none of its 6 samples")]
    [InlineData("other-stats", "different runs")]
    [InlineData("cut-table", "not whole Parquet")]
    public async Task Run_Img2DatasetFilesThatDoNotFit_FailsWithFileAndRemedy(string what, string message)
    {
        using var harness = new CurationHarness();
        var tar = WriteDownloaded(harness, 0, "{0:D9}", 5);
        var (table, stats) = (Path.Combine(harness.Root, "00000.parquet"), Path.Combine(harness.Root, "00000_stats.json"));
        switch (what)
        {
            case "no-stats":
                File.Delete(stats);
                break;
            case "no-table":
                File.Delete(table);
                break;
            case "other-table":
                WriteTable(table, 3, "{0:D9}");
                break;
            case "other-stats":
                File.WriteAllText(stats, """{"count": 10, "successes": 9}""");
                break;
            default:
                File.WriteAllBytes(table, File.ReadAllBytes(table)[..200]);
                break;
        }

        Assert.Equal(JobState.Failed, (await harness.RunAsync(Document(""", "format": "img2dataset" """), tar)).State);
        var failure = harness.Failures["score-0"];
        Assert.Equal(FailureKind.Fatal, failure.Kind);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("input.shards: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Subset_ReadsTheseAndCountsTheOthers()
    {
        using var harness = new CurationHarness();
        string[] tars = ["0.tar", "1.tar"];
        var wanted = Uids(30).Where((_, i) => i % 3 == 0).ToArray();
        WritePool(harness, 30, tars);
        WriteSubset(harness, "ids.npy", wanted);
        var document = Document($$""", "subset": "{{Path.Combine(harness.Root, "ids.npy")}}" """);
        var end = await harness.RunAsync(document, tars);
        Assert.True(end.State == JobState.Succeeded, Failures(harness));
        Assert.Equal((10, 20, 10), (harness.Count("read"), harness.Count("outsideSubset"), harness.Count("kept")));

        // What goes in comes out: the output's own subset file is the same one.
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(harness.Root, "ids.npy"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(Path.Combine(harness.Output, "sample_ids.npy"), TestContext.Current.CancellationToken));

        using var rough = new CurationHarness { CrashAfter = (_, _) => true, Order = shards => shards.Reverse() };
        WritePool(rough, 30, tars);
        WriteSubset(rough, "ids.npy", wanted);
        await rough.RunAsync(Document($$""", "subset": "{{Path.Combine(rough.Root, "ids.npy")}}" """), tars);
        Assert.Equal(harness.OutputDigests()["00000000.tar"], rough.OutputDigests()["00000000.tar"]);
    }

    [Theory]
    [InlineData("unsorted", "not sorted")]
    [InlineData("text", "does not begin as a NumPy array")]
    [InlineData("missing", "no such file")]
    public async Task Run_SubsetThatIsNone_FailsWithFieldAndRemedy(string what, string message)
    {
        using var harness = new CurationHarness();
        WritePool(harness, 4, ["0.tar"]);
        var path = Path.Combine(harness.Root, "ids.npy");
        if (what != "missing")
        {
            WriteSubset(harness, "ids.npy", Uids(4));
            var bytes = File.ReadAllBytes(path);
            (bytes[128], bytes[128 + 16]) = (0xff, 0);
            bytes[128 + 7] = 0xff;
            File.WriteAllBytes(path, what == "text" ? "one uid a line"u8.ToArray() : bytes);
        }

        Assert.Equal(JobState.Failed, (await harness.RunAsync(Document($$""", "subset": "{{path}}" """), "0.tar")).State);
        Assert.StartsWith("input.subset: ", harness.Failures["score-0"].Message, StringComparison.Ordinal);
        Assert.Contains(message, harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uid", "uid")]
    [InlineData("url", "URL")]
    [InlineData("key", "key")]
    public async Task Run_PublishedScores_SelectsWithoutAModel(string key, string header)
    {
        using var harness = new CurationHarness(new NoModels());
        string[] tars = ["0.tar", "1.tar"];
        WritePool(harness, 30, tars);
        var uids = Uids(30);
        var rows = Enumerable.Range(0, 28).Select(i => $"('{uids[i]}', 'https://pool/{i}', '{Tars.Key(i / 15, i % 15)}', {i / 100.0:F2}::FLOAT)");
        DuckParquet.Write(Path.Combine(harness.Root, "m.parquet"), $"SELECT * FROM (VALUES {string.Join(", ", rows)}) t(uid, {(header == "URL" ? "URL" : "url")}, key, similarity)");
        var stage = $$"""{ "type": "columns", "from": "{{Path.Combine(harness.Root, "m.parquet")}}", "key": "{{key}}", "keyColumn": "{{header}}", "scores": { "clip": "similarity" } }""";
        var end = await harness.RunAsync(Document("", stage, """ "select": { "by": "clip", "topCount": 5 }, """), tars);
        Assert.True(end.State == JobState.Succeeded, Failures(harness));

        using var table = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "00000000.parquet"));
        Assert.Equal([0.23f, 0.24f, 0.25f, 0.26f, 0.27f], table.ReadRows().Select(r => r.Signals[0]!.Value));
        using var part = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores/part-00001.parquet"));
        Assert.Equal([null, null], part.ReadRows().TakeLast(2).Select(r => r.Signals[0]));
        Assert.Equal(64, harness.Manifest()["models"]!["columns/clip"]!.GetValue<string>().Length);
    }

    [Theory]
    [InlineData("SELECT 'a' AS uid, 0.5::FLOAT AS other", "no column 'similarity'")]
    [InlineData("SELECT 'a' AS uid, 'high' AS similarity", "not numbers")]
    [InlineData("SELECT 1 AS uid, 0.5::FLOAT AS similarity", "not text")]
    [InlineData(null, "no such file")]
    public async Task Run_TableThatDoesNotFit_FailsWithFileAndRemedy(string? query, string message)
    {
        using var harness = new CurationHarness(new NoModels());
        WritePool(harness, 4, ["0.tar"]);
        var path = Path.Combine(harness.Root, "m.parquet");
        if (query is not null)
        {
            DuckParquet.Write(path, query);
        }

        var stage = $$"""{ "type": "columns", "from": ["{{path}}"], "scores": { "clip": "similarity" } }""";
        Assert.Equal(JobState.Failed, (await harness.RunAsync(Document("", stage), "0.tar")).State);
        Assert.Contains(message, harness.Failures["score-0"].Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(path, harness.Failures["score-0"].Message, StringComparison.Ordinal);
    }

    private static string Document(string input, string stages = AnyLanguage, string select = "") =>
        Plain.Replace("INPUT", input, StringComparison.Ordinal).Replace("STAGES", stages, StringComparison.Ordinal).Replace("SELECT", select, StringComparison.Ordinal);

    private static string[] Uids(int count) => [.. Enumerable.Range(0, count).Select(i => SampleUid.Derive($"pool sample {i}").ToString())];

    private static void WritePool(CurationHarness harness, int count, string[] tars)
    {
        var uids = Uids(count);
        var each = count / tars.Length;
        for (var shard = 0; shard < tars.Length; shard++)
        {
            Tars.Write(Path.Combine(harness.Root, tars[shard]), [.. Enumerable.Range(0, each).SelectMany(i => Sample(Tars.Key(shard, i), $$"""{"uid": "{{uids[(shard * each) + i]}}", "url": "https://pool/{{(shard * each) + i}}"}"""))]);
        }
    }

    private static (string, byte[])[] Sample(string key, string json) =>
        [($"{key}.jpg", Tars.Jpeg(240, 220)), ($"{key}.txt", "a small grey square"u8.ToArray()), ($"{key}.json", Encoding.UTF8.GetBytes(json))];

    private static void WriteSubset(CurationHarness harness, string name, string[] uids)
    {
        using var file = File.Create(Path.Combine(harness.Root, name));
        Assert.Null(SampleIdsNpy.Write(file, uids.Length, uids.Select(u => SampleUid.TryParse(u, out var uid) ? uid : default).Order()));
    }

    private static string Key(string format, int shard, int i) => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, (shard * 10000L) + i);

    /// <summary>A shard as img2dataset leaves it (downloader.py, writer.py, logger.py): samples in the order in which downloads ended.</summary>
    private static string WriteDownloaded(CurationHarness harness, int shard, string keys, int shardDigits)
    {
        var stem = shard.ToString($"D{shardDigits}", System.Globalization.CultureInfo.InvariantCulture);
        int[] order = [0, 5, 1, 8, 3, 4];
        Tars.Write(Path.Combine(harness.Root, stem + ".tar"), [.. order.SelectMany(i => Sample(Key(keys, shard, i), $$"""
            {
                "caption": "a small grey square",
                "url": "https://pool/{{i}}",
                "key": "{{Key(keys, shard, i)}}",
                "status": "success",
                "error_message": null,
                "width": 240,
                "height": 220,
                "original_width": 1024,
                "original_height": 939,
                "exif": "{\"Image Orientation\": \"Horizontal\"}",
                "sha256": "{{new string('a', 64)}}"
            }
            """))]);
        WriteTable(Path.Combine(harness.Root, stem + ".parquet"), shard, keys);
        File.WriteAllText(Path.Combine(harness.Root, stem + "_stats.json"), """
            {"count": 10, "successes": 6, "failed_to_download": 2, "failed_to_resize": 1, "duration": 1.2, "start_time": 1.0, "end_time": 2.2, "status_dict": {"success": 6, "HTTP Error 404: Not Found": 2, "Image decoding error": 1}}
            """);
        return stem + ".tar";
    }

    private static void WriteTable(string path, int shard, string keys)
    {
        (string Status, string Message)[] outcomes =
        [
            ("success", "NULL"), ("success", "NULL"), ("failed_to_download", "'HTTP Error 404: Not Found'"), ("success", "NULL"), ("success", "NULL"),
            ("success", "NULL"), ("failed_to_resize", "'Image decoding error'"), ("failed_to_download", "'<urlopen error timed out>'"), ("success", "NULL"),
        ];
        var rows = outcomes.Select((o, i) =>
            $"('a small grey square', 'https://pool/{i}', '{Key(keys, shard, i)}', '{o.Status}', {o.Message}, {(o.Status == "success" ? "240" : "NULL")}::INTEGER, {(o.Status == "success" ? "220" : "NULL")}::INTEGER, {(o.Status == "success" ? "1024" : "NULL")}::INTEGER, {(o.Status == "success" ? "939" : "NULL")}::INTEGER, '{{}}', NULL::VARCHAR)");
        DuckParquet.Write(path, $"SELECT * FROM (VALUES {string.Join(", ", rows)}) t(caption, url, key, status, error_message, width, height, original_width, original_height, exif, sha256)");
    }

    private static string Failures(CurationHarness harness) => string.Join("; ", harness.Failures.Select(f => $"{f.Key}: {f.Value.Message}"));

    /// <summary>Models that nobody may ask for.</summary>
    private sealed class NoModels : IScoringModels
    {
        public IPairEncoder GetPairEncoder(string name) => throw new InvalidOperationException("A model was asked for.");

        public IImageCaptioner GetCaptioner(string name) => throw new InvalidOperationException("A model was asked for.");

        public ICaptionMatcher GetMatcher(string name) => throw new InvalidOperationException("A model was asked for.");

        public ITextDetector GetTextDetector(string name) => throw new InvalidOperationException("A model was asked for.");
    }
}
