using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.WebDataset;

/// <summary>The webdataset library itself reads our shards back, sample for sample.</summary>
public sealed class WebDatasetLibraryTests
{
    [Fact]
    public void Library_ReadsOurShards_SampleForSample()
    {
        var python = Environment.GetEnvironmentVariable("ORCHESTRATOR_PYTHON") ?? "python3";
        Assert.SkipUnless(Run(python, "-c", "import webdataset").Code == 0, "Needs the webdataset library: pip install webdataset (ORCHESTRATOR_PYTHON names another interpreter).");
        using var folder = new TemporaryFolder();
        var random = new Random(5);
        List<string> expected = [];
        List<string> shards = [];
        for (var shard = 0; shard < 3; shard++)
        {
            shards.Add(folder.File($"{shard:00000000}.tar"));
            using var output = File.Create(shards[^1]);
            using var writer = new TarShardWriter(output);
            for (var i = 0; i < 40; i++)
            {
                // The last key of a shard is the first of the next: they must stay two samples.
                var key = i == 39 || (i == 0 && shard > 0) ? "shared" : $"dir.v{shard}/雪{i:000}";
                var members = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
                foreach (var extension in (string[])["jpg", "json", "txt", "seg.png"])
                {
                    members[extension] = new byte[random.Next(0, 3000)];
                    random.NextBytes(members[extension]);
                }

                Assert.Null(writer.Write(key, members.Select(m => KeyValuePair.Create(m.Key, (ReadOnlyMemory<byte>)m.Value))));
                expected.Add(Describe(key, members.ToDictionary(m => m.Key, m => Convert.ToHexStringLower(SHA256.HashData(m.Value)))));
            }

            writer.Finish();
        }

        var (code, text, error) = Run(python, [Vector.PathOf("read_webdataset.py"), .. shards]);

        Assert.True(code == 0, error);
        Assert.Equal(expected, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            var sample = JsonDocument.Parse(line).RootElement;
            return Describe(sample.GetProperty("key").GetString()!, sample.GetProperty("members").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!));
        }));
    }

    private static string Describe(string key, Dictionary<string, string> members) =>
        key + ": " + string.Join(' ', members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value}"));

    private static (int Code, string Output, string Error) Run(string file, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, "", e.Message);
        }
    }
}
