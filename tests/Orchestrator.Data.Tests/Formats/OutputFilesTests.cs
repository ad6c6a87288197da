using System.Text;
using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Formats;

/// <summary>The small files of an output folder, in the fields their readers look for.</summary>
public sealed class OutputFilesTests
{
    [Fact]
    public void Sizes_AreSortedAndReadBack()
    {
        var bytes = SizesJson.Write([new("00000001.tar", 5), new("00000000.tar", 1000)]);

        Assert.Equal("{\n  \"00000000.tar\": 1000,\n  \"00000001.tar\": 5\n}\n", Encoding.UTF8.GetString(bytes));
        Assert.Equal(1000, SizesJson.Read(bytes, "sizes.json").Value["00000000.tar"]);
        Assert.False(SizesJson.Read("[1]"u8, "sizes.json").Ok);
        Assert.False(SizesJson.Read("{\"a\":1.5}"u8, "sizes.json").Ok);
        Assert.False(SizesJson.Read("{"u8, "sizes.json").Ok);
    }

    [Fact]
    public void Stats_HaveWhatTheResharderReads()
    {
        var bytes = StatsJson.Write(998);

        Assert.Equal(998, StatsJson.ReadSuccesses(bytes, "s").Value);
        Assert.Equal(["count", "successes", "failed_to_download", "failed_to_resize", "status_dict"], Names(bytes));
        Assert.False(StatsJson.ReadSuccesses("{}"u8, "s").Ok);
        Assert.False(StatsJson.ReadSuccesses("{\"successes\":\"1\"}"u8, "s").Ok);
        Assert.False(StatsJson.ReadSuccesses("3"u8, "s").Ok);
    }

    [Fact]
    public void Meta_HasTheResharderFields()
    {
        var bytes = new MetaJson { InputDir = "pool", OutputDir = "out/demo", InputShards = 8, ShardSize = 1000, ProcessedCount = 8000, OutputCount = 2400, OutputShardCount = 3 }.Write();
        var root = JsonDocument.Parse(bytes).RootElement;

        // Names of make_argparser's options, of do_tasks's counters, and cwd: mlfoundations/datacomp resharder.py.
        Assert.Equal(
            "input_dir output_dir subset_file num_shards first_shard num_workers shard_size shard_format output_shard_format shard_stats_format output_shard_stats_format shard_table write_shard_table shuffle_bufsize blur_metadata_map apply_blur inject_blur_metadata reencode_webp_quality dry_run overwrite verbose quiet processed_count output_count blur_count blur_time output_shard_count worker_success cwd".Split(' ').Order(),
            Names(bytes).Order());
        Assert.Equal((3, "{:08d}.tar"), (root.GetProperty("output_shard_count").GetInt32(), root.GetProperty("output_shard_format").GetString()));
        Assert.Equal((8000L, 2400L), (root.GetProperty("processed_count").GetInt64(), root.GetProperty("output_count").GetInt64()));
    }

    [Fact]
    public void Quarantine_ReadsBackAndStaysOneLineEach()
    {
        QuarantineRecord[] records =
        [
            new("pool/0.tar", "a\n\"b", 3, "read", QuarantineJsonl.NameOf(Orchestrator.Data.WebDataset.SampleFaultKind.UnsafeName), "line\nbreak"),
            new("pool/1.tar", null, null, "read", "truncated", new string('x', 5000)),
        ];
        using var output = new MemoryStream();
        foreach (var record in records)
        {
            QuarantineJsonl.Write(output, record);
        }

        output.Position = 0;
        var read = QuarantineJsonl.Read(output, "quarantine.jsonl").ToList();

        Assert.Equal(2, output.ToArray().Count(b => b == '\n'));
        Assert.Equal(records[0], read[0]);
        Assert.Equal("unsafe-name", read[0].Error);
        Assert.Equal(records[1] with { Message = read[1].Message }, read[1]);
        Assert.InRange(read[1].Message.Length, 1000, 1003);
        Assert.Throws<InvalidDataException>(() => QuarantineJsonl.Read(new MemoryStream("{}"u8.ToArray()), "q").ToList());
    }

    [Fact]
    public void Manifest_IsTheSameWhateverTheOrderAndReadsBack()
    {
        string[] names = ["b.tar", "a.tar", "scores/part-00000.parquet"];
        var forward = Manifest(names).Write();
        var backward = Manifest([.. names.Reverse()]).Write();
        var read = OutputManifest.Read(forward, "manifest.json").Value;

        Assert.Equal(forward, backward);
        Assert.Equal(["a.tar", "b.tar", "scores/part-00000.parquet"], JsonDocument.Parse(forward).RootElement.GetProperty("files").EnumerateArray().Select(f => f.GetProperty("path").GetString()));
        Assert.Equal(forward, read.Write());
        Assert.Equal(FileDigest.Of("a.tar"u8), read.Files["a.tar"]);
    }

    [Fact]
    public void Manifest_WithKeptEmbeddings_NamesTheImageHalfOfEach()
    {
        var manifest = Manifest(["a.tar"]) with { Embeddings = new Dictionary<string, string> { ["siglip"] = "2b", ["clip"] = "1a" } };
        var read = OutputManifest.Read(manifest.Write(), "manifest.json").Value;
        Assert.Equal(["clip", "siglip"], JsonDocument.Parse(manifest.Write()).RootElement.GetProperty("embeddings").EnumerateObject().Select(e => e.Name));
        Assert.Equal("2b", read.Embeddings["siglip"]);
        Assert.Equal(manifest.Write(), read.Write());
        Assert.DoesNotContain("embeddings", Names(Manifest(["a.tar"]).Write()));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{\"version\":2}")]
    [InlineData("{\"version\":1,\"document\":{},\"models\":{},\"counts\":{},\"files\":[{\"path\":\"../x\",\"bytes\":1,\"sha256\":\"\"}]}")]
    public void Manifest_OfAnotherShape_IsAFault(string json) =>
        Assert.False(OutputManifest.Read(Encoding.UTF8.GetBytes(json), "manifest.json").Ok);

    private static OutputManifest Manifest(string[] files) => new()
    {
        Document = "{\"kind\": \"curation\", \"name\": \"demo\"}"u8.ToArray(),
        Models = files.ToDictionary(f => "clip-demo/" + f, f => FileDigest.Of(Encoding.UTF8.GetBytes(f)).Sha256),
        Counts = new Dictionary<string, long> { ["read"] = 10, ["kept"] = 3 },
        Files = files.ToDictionary(f => f, f => FileDigest.Of(Encoding.UTF8.GetBytes(f))),
    };

    private static IEnumerable<string> Names(byte[] json) => JsonDocument.Parse(json).RootElement.EnumerateObject().Select(m => m.Name).ToList();
}
