using System.Security.Cryptography;
using System.Text.Json;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.WebDataset;

/// <summary>Archives of Python's tarfile, grouped by webdataset's and DataComp's own code: see Vectors/make_vectors.py.</summary>
public sealed class ShardVectorTests
{
    private static readonly JsonElement Expected = JsonDocument.Parse(Vector.Bytes("shards.json")).RootElement;

    public static TheoryData<string> Shards() => [.. Expected.EnumerateObject().Select(p => p.Name)];

    [Theory, MemberData(nameof(Shards))]
    public void NewSample_GroupsAsDataComp(string shard) => AssertSame(shard, "nothrow", DuplicateExtension.NewSample);

    [Theory, MemberData(nameof(Shards))]
    public void Fault_GroupsAsTheLibrary(string shard) => AssertSame(shard, "library", DuplicateExtension.Fault);

    [Theory, MemberData(nameof(Shards))]
    public void Offsets_LeadBackToTheirSamples(string shard)
    {
        using var reader = new TarShardReader(new MemoryStream(Vector.Bytes($"shards/{shard}.tar")));
        var samples = reader.ReadAll().ToList();
        foreach (var sample in Enumerable.Reverse(samples))
        {
            reader.SeekTo(sample.Offset, sample.Ordinal);

            Assert.True(reader.TryRead(out var again));
            Assert.Equal(Describe(sample), Describe(again));
        }
    }

    [Theory, MemberData(nameof(Shards))]
    public void Wanted_YieldsTheSameSamplesWithTheSameOrdinals(string shard)
    {
        var bytes = Vector.Bytes($"shards/{shard}.tar");
        using var all = new TarShardReader(new MemoryStream(bytes));
        var expected = all.ReadAll().Where(s => s.Ordinal % 2 == 1).Select(Describe).ToList();
        foreach (var stream in (Stream[])[new MemoryStream(bytes), new TrickleStream(new MemoryStream(bytes))])
        {
            using var some = new TarShardReader(stream, new TarReadOptions { Wanted = ordinal => ordinal % 2 == 1, BufferBytes = 4096 });

            Assert.Equal(expected, some.ReadAll().Select(Describe));
            Assert.Equal(all.Tally, some.Tally);
        }
    }

    private static void AssertSame(string shard, string rule, DuplicateExtension duplicates)
    {
        var expected = Expected.GetProperty(shard).GetProperty(rule).EnumerateArray().Select(s =>
            s.GetProperty("key").GetString() + ": " + string.Join(' ', s.GetProperty("members").EnumerateArray()
                .Select(m => $"{m.GetProperty("ext").GetString()}={m.GetProperty("sha256").GetString()}"))).ToList();
        var bytes = Vector.Bytes($"shards/{shard}.tar");
        foreach (var stream in (Stream[])[new MemoryStream(bytes), new TrickleStream(new MemoryStream(bytes))])
        {
            using var reader = new TarShardReader(stream, new TarReadOptions { Duplicates = duplicates, BufferBytes = 4096 });
            var samples = reader.ReadAll().ToList();

            Assert.Equal(expected, samples.Select(Describe));
            Assert.Null(reader.Damage);
            Assert.Equal(Enumerable.Range(0, samples.Count).Select(i => (long)i), samples.Select(s => s.Ordinal));
            Assert.Equal(duplicates == DuplicateExtension.Fault && shard == "duplicates", samples.Any(s => s.Fault is not null));
        }
    }

    internal static string Describe(WebSample sample) =>
        sample.Key + ": " + string.Join(' ', sample.Members.Select(m => $"{m.Extension}={Convert.ToHexStringLower(SHA256.HashData(m.Data.Span))}"));
}
