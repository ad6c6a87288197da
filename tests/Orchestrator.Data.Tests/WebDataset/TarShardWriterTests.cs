using System.Security.Cryptography;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.WebDataset;

public sealed class TarShardWriterTests
{
    [Fact]
    public void Write_SameSamplesAsTarfile_SameBytes()
    {
        using var output = new MemoryStream();
        using var writer = new TarShardWriter(output);
        foreach (var sample in JsonDocument.Parse(Vector.Bytes("writer.json")).RootElement.EnumerateArray())
        {
            var members = sample.GetProperty("members").EnumerateObject()
                .Select(m => KeyValuePair.Create(m.Name, (ReadOnlyMemory<byte>)m.Value.GetBytesFromBase64()));
            Assert.Null(writer.Write(sample.GetProperty("key").GetString()!, members));
        }

        var summary = writer.Finish();

        Assert.Equal(Vector.Bytes("writer.tar"), output.ToArray());
        Assert.Equal(new TarShardSummary(6, output.Length, Convert.ToHexStringLower(SHA256.HashData(output.ToArray()))), summary);
    }

    [Fact]
    public void Finish_WithoutSamples_IsOneRecordOfZeros()
    {
        using var output = new MemoryStream();
        using var writer = new TarShardWriter(output);
        writer.Finish();

        Assert.Equal(new byte[10240], output.ToArray());
    }

    [Fact]
    public void Write_Mtime_IsStoredInOctal()
    {
        using var output = new MemoryStream();
        using var writer = new TarShardWriter(output, mtime: 1_700_000_000);
        Assert.Null(writer.Write("a", Members("txt")));
        writer.Finish();

        Assert.Equal("14524770400\0"u8, output.ToArray().AsSpan(136, 12));
    }

    [Theory]
    [InlineData("../a", "jpg", "climbs")]
    [InlineData("/a", "jpg", "absolute")]
    [InlineData("a\\b", "jpg", "backslash")]
    [InlineData("a.b", "jpg", "read back")]
    [InlineData("a", "JPG", "read back")]
    [InlineData("", "jpg", "read back")]
    [InlineData("__x__/a", "jpg", "read back")]
    [InlineData("a", "b/c", "read back")]
    public void Write_NameThatDoesNotReadBack_IsRefusedAndNothingIsWritten(string key, string extension, string problem)
    {
        using var output = new MemoryStream();
        using var writer = new TarShardWriter(output);

        var fault = writer.Write(key, Members("a", extension));

        Assert.Contains(problem, fault?.Problem);
        Assert.Equal(0, output.Length);
        Assert.Equal(0, writer.Samples);
    }

    [Fact]
    public void Write_NameTooLongForUstar_IsRefused()
    {
        using var writer = new TarShardWriter(new MemoryStream());

        Assert.Contains("USTAR", writer.Write(new string('n', 97), Members("jpg"))?.Problem);
        Assert.Contains("USTAR", writer.Write(new string('f', 156) + "/a", Members("jpg"))?.Problem);
        Assert.Null(writer.Write(new string('f', 155) + "/" + new string('n', 96), Members("jpg")));
    }

    [Fact]
    public void Write_NoMembersOrOneTwice_IsRefused()
    {
        using var writer = new TarShardWriter(new MemoryStream());

        Assert.NotNull(writer.Write("a", Members()));
        Assert.NotNull(writer.Write("a", Members("jpg", "jpg")));
    }

    [Property(MaxTest = 200)]
    public Property Write_ThenRead_IsTheSameSample() => Prop.ForAll(
        SampleLists.ToArbitrary(),
        samples =>
        {
            using var output = new MemoryStream();
            using var writer = new TarShardWriter(output);
            foreach (var (key, members) in samples)
            {
                Assert.Null(writer.Write(key, members.Select(m => KeyValuePair.Create(m.Key, (ReadOnlyMemory<byte>)m.Value)).Reverse()));
            }

            var summary = writer.Finish();
            using var reader = new TarShardReader(new MemoryStream(output.ToArray()));
            var read = reader.ReadAll().ToList();

            Assert.Null(reader.Damage);
            Assert.Equal(0, summary.Bytes % 10240);
            Assert.Equal(samples.Select(s => s.Key), read.Select(s => s.Key));
            for (var i = 0; i < read.Count; i++)
            {
                Assert.Equal(samples[i].Members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => m.Key), read[i].Members.Select(m => m.Extension));
                Assert.All(read[i].Members, m => Assert.Equal(samples[i].Members[m.Extension], m.Data.ToArray()));
            }
        });

    private static Gen<List<(string Key, Dictionary<string, byte[]> Members)>> SampleLists =>
        from count in Gen.Choose(0, 6)
        from samples in Gen.ListOf(
            from folder in Gen.Elements("", "a/", "dir.v1/", "雪/")
            from stem in Gen.Elements("0001", "x y", "été", "-", "𝒳")
            from extensions in Gen.SubListOf(new[] { "jpg", "json", "txt", "seg.png", "" }).Where(e => e.Any())
            from sizes in Gen.ListOf(Gen.Choose(0, 1600), 5)
            select (Folder: folder, Stem: stem, Members: extensions.Zip(sizes).ToDictionary(m => m.First, m => Enumerable.Range(0, m.Second).Select(i => (byte)(i * 31)).ToArray())),
            count)
        // Keys that follow one another must differ, or they are one sample.
        select samples.Select((s, i) => (s.Folder + i + s.Stem, s.Members)).ToList();

    private static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> Members(params string[] extensions) =>
        extensions.Select(e => KeyValuePair.Create(e, (ReadOnlyMemory<byte>)"data"u8.ToArray()));
}
