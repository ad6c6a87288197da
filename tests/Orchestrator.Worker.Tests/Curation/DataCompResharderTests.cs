using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>
/// DataComp's own resharder.py over what a job wrote, and over its pool with the job's <c>sample_ids.npy</c>. Needs that file
/// (github: mlfoundations/datacomp) and what Vectors/run_resharder.py names; run once with datacomp @ 4a8df199 and
/// webdataset 0.2.31, which it names.
/// </summary>
public sealed class DataCompResharderTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["{00000000,00000001}.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip" } ], "select": { "by": "clip", "topCount": 13 },
          "output": { "path": "x", "samplesPerShard": 5 } }
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resharder_TakesOurOutputAndOurIds(bool poolHasUids)
    {
        var script = Environment.GetEnvironmentVariable("DATACOMP_RESHARDER") ?? "";
        Assert.SkipUnless(File.Exists(script), "Needs DataComp's resharder.py: set DATACOMP_RESHARDER to its path, ORCHESTRATOR_PYTHON to a Python with numpy, tqdm, braceexpand and webdataset 0.2.31.");
        using var harness = new CurationHarness();
        string[] tars = ["00000000.tar", "00000001.tar"];
        for (var shard = 0; shard < 2; shard++)
        {
            Tars.Write(Path.Combine(harness.Root, tars[shard]), [.. Enumerable.Range(0, 15).SelectMany(i =>
                Tars.Sample(Tars.Key(shard, i), (byte)(8 * ((i * 2) + shard)), "a small grey square")
                    .Select(m => poolHasUids && m.Item1.EndsWith(".json", StringComparison.Ordinal) ? (m.Item1, System.Text.Encoding.UTF8.GetBytes($$"""{"uid": "{{SampleUid.Derive(m.Item1)}}"}""")) : m))]);
            await File.WriteAllTextAsync(Path.Combine(harness.Root, $"{shard:D8}_stats.json"), """{"successes": 15}""", TestContext.Current.CancellationToken);
        }

        Assert.Equal(JobState.Succeeded, (await harness.RunAsync(Document, tars)).State);
        var ours = Samples(harness.Output);
        Assert.Equal(13, ours.Count);

        // Its output of our output is our output.
        var again = Path.Combine(harness.Root, "again");
        Run(script, "-i", harness.Output, "-o", again, "-s", Path.Combine(harness.Output, "sample_ids.npy"), "-j", "2", "--shard-size", "4");
        Assert.Equal(ours, Samples(again));
        var (theirs, mine) = (Meta(again), Meta(harness.Output));
        Assert.Equal((13, 13), (theirs.GetProperty("output_count").GetInt32(), mine.GetProperty("output_count").GetInt32()));
        Assert.All(theirs.EnumerateObject().Select(p => p.Name).Where(n => n is "output_shard_count" or "output_shard_format" or "processed_count"), n => Assert.True(mine.TryGetProperty(n, out _), n));

        // Our ids over the pool give the samples that we kept.
        if (poolHasUids)
        {
            var direct = Path.Combine(harness.Root, "direct");
            Run(script, "-i", harness.Root, "-o", direct, "-s", Path.Combine(harness.Output, "sample_ids.npy"), "-j", "2");
            Assert.Equal(ours, Samples(direct));
        }
    }

    /// <summary>Digest of image and caption by uid.</summary>
    private static SortedDictionary<string, string> Samples(string folder)
    {
        var samples = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var tar in Directory.EnumerateFiles(folder, "*.tar"))
        {
            using var reader = new TarShardReader(File.OpenRead(tar));
            foreach (var sample in reader.ReadAll())
            {
                Assert.True(sample.TryGet("json", out var json));
                Assert.True(sample.TryGet("png", out var image));
                Assert.True(sample.TryGet("txt", out var text));
                samples.Add(JsonElement.Parse(json.Data.Span).GetProperty("uid").GetString()!, Convert.ToHexStringLower(SHA256.HashData([.. image.Data.Span, .. text.Data.Span])));
            }

            Assert.Null(reader.Damage);
        }

        return samples;
    }

    private static JsonElement Meta(string folder) => JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "meta.json")));

    private static void Run(string script, params string[] arguments)
    {
        var python = Environment.GetEnvironmentVariable("ORCHESTRATOR_PYTHON") ?? "python3";
        Directory.CreateDirectory(arguments[Array.IndexOf(arguments, "-o") + 1]);
        var runner = Path.Combine(AppContext.BaseDirectory, "Curation", "Vectors", "run_resharder.py");
        using var process = Process.Start(new ProcessStartInfo(python, [runner, script, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 && !error.Contains("ERROR", StringComparison.Ordinal), $"{output.Result}{error}");
    }
}
