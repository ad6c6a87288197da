using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Data.Formats;

namespace Orchestrator.Data.Tests.Formats;

public sealed class SampleIdsNpyTests
{
    private static readonly Arbitrary<List<SampleUid>[]> Runs = Gen.ArrayOf(Gen.ListOf(
        from high in Gen.Elements(0UL, 1UL, 1UL << 63, ulong.MaxValue)
        from low in Gen.Elements(0UL, 7UL, ulong.MaxValue)
        select new SampleUid(high, low)).Select(ids => ids.Order().ToList())).ToArbitrary();

    private static IEnumerable<SampleUid> NumpyIds() =>
        JsonDocument.Parse(Vector.Bytes("sample_ids.json")).RootElement.EnumerateArray().Select(e => Parse(e.GetString()!));

    [Fact]
    public void Write_SameIdsAsNumpy_SameBytes()
    {
        using var output = new MemoryStream();
        var ids = NumpyIds().ToList();

        Assert.Null(SampleIdsNpy.Write(output, ids.Count, ids));
        Assert.Equal(Vector.Bytes("sample_ids.npy"), output.ToArray());
    }

    [Fact]
    public void Read_NumpysFile_GivesItsIds()
    {
        Assert.Equal(504, SampleIdsNpy.Check(Vector.PathOf("sample_ids.npy")).Value);
        Assert.Equal(NumpyIds(), SampleIdsNpy.Read(new MemoryStream(Vector.Bytes("sample_ids.npy")), "x"));
    }

    [Property(MaxTest = 100)]
    public Property Merge_OfSortedRuns_IsTheSortedWhole() => Prop.ForAll(Runs, runs =>
    {
        using var folder = new TemporaryFolder();
        var paths = runs.Select((run, i) => Write(folder, $"{i}.npy", run)).ToList();
        using var output = new MemoryStream();

        Assert.Equal(runs.Sum(r => r.Count), SampleIdsNpy.Merge(paths, output, folder.Path).Value);
        Assert.Equal(runs.SelectMany(r => r).Order(), SampleIdsNpy.Read(new MemoryStream(output.ToArray()), "merged"));
    });

    [Fact]
    public void Merge_MoreRunsThanMayBeOpen_OpensSomeAtATimeAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        var runs = Enumerable.Range(0, (2 * SampleIdsNpy.MaxOpenRuns) + 3).Select(i => (List<SampleUid>)[new((ulong)(i % 7), 1), new(9, (ulong)i)]).ToList();
        var paths = runs.Select((run, i) => Write(folder, $"{i}.npy", run)).ToList();
        using var output = new WatchfulStream(folder.Path);
        Assert.Equal(2 * runs.Count, SampleIdsNpy.Merge(paths, output, folder.Path).Value);
        Assert.Equal(runs.SelectMany(r => r).Order(), SampleIdsNpy.Read(new MemoryStream(output.ToArray()), "merged"));
        Assert.InRange(output.MostOpen, 1, SampleIdsNpy.MaxOpenRuns);
        Assert.Equal(paths.Order(), Directory.GetFiles(folder.Path).Order());
    }

    [Fact]
    public void Write_OutOfOrderOrMiscounted_IsAFault()
    {
        SampleUid[] falling = [new(1, 0), new(0, 9)];

        Assert.Contains("below", SampleIdsNpy.Write(new MemoryStream(), 2, falling)?.Problem);
        Assert.Contains("announced", SampleIdsNpy.Write(new MemoryStream(), 3, falling.Order())?.Problem);
    }

    [Fact]
    public void Merge_RunOutOfOrderCutOrForeign_IsAFault()
    {
        using var folder = new TemporaryFolder();
        var good = File.ReadAllBytes(Write(folder, "good.npy", [new(0, 1), new(0, 2)]));
        var swapped = folder.Put("swapped.npy", [.. good[..128], .. good[144..160], .. good[128..144]]);
        var cut = folder.Put("cut.npy", good[..150]);
        var foreign = folder.Put("foreign.npy", [.. "PK\u0003\u0004"u8, .. new byte[200]]);
        var other = folder.Put("other.npy", [.. good[..20], .. "[('f0', '<u8')], 'fortran_order': False, 'shape': (2,), }"u8, .. good[77..]]);

        Assert.Contains("below", SampleIdsNpy.Merge([swapped], new MemoryStream(), folder.Path).Fault?.Problem);
        Assert.Contains("holds 1", SampleIdsNpy.Merge([cut], new MemoryStream(), folder.Path).Fault?.Problem);
        Assert.Contains("NumPy", SampleIdsNpy.Merge([foreign], new MemoryStream(), folder.Path).Fault?.Problem);
        Assert.Contains("u8,u8", SampleIdsNpy.Merge([other], new MemoryStream(), folder.Path).Fault?.Problem);
        Assert.Throws<InvalidDataException>(() => SampleIdsNpy.Read(new MemoryStream(good[..150]), "cut").Count());
    }

    [Theory]
    [InlineData("00000000000000010000000000000002", true)]
    [InlineData("FFFFFFFFFFFFFFFFffffffffffffffff", true)]
    [InlineData("0000000000000001000000000000000", false)]
    [InlineData("000000000000000100000000000000020", false)]
    [InlineData("0000000000000001000000000000000g", false)]
    [InlineData(" 000000000000001000000000000000a", false)]
    public void Uid_Is32HexadecimalDigits(string text, bool valid)
    {
        Assert.Equal(valid, SampleUid.TryParse(text, out var uid));
        Assert.Equal(valid ? text.ToLowerInvariant() : new string('0', 32), uid.ToString());
    }

    [Fact]
    public void Derive_IsTheHeadOfSha256() =>
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223", SampleUid.Derive("abc").ToString());

    private static SampleUid Parse(string text) => SampleUid.TryParse(text, out var uid) ? uid : throw new FormatException(text);

    private static string Write(TemporaryFolder folder, string name, List<SampleUid> ids)
    {
        using var output = new MemoryStream();
        Assert.Null(SampleIdsNpy.Write(output, ids.Count, ids));
        return folder.Put(name, output.ToArray());
    }

    /// <summary>Counts the files of a folder that this process has open when it is written to.</summary>
    private sealed class WatchfulStream(string folder) : MemoryStream
    {
        public int MostOpen { get; private set; }

        public override void Write(byte[] buffer, int offset, int count)
        {
            Look();
            base.Write(buffer, offset, count);
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Look();
            base.Write(buffer.ToArray(), 0, buffer.Length);
        }

        private void Look()
        {
            var open = new DirectoryInfo("/proc/self/fd").GetFiles().Count(f => f.LinkTarget?.StartsWith(folder, StringComparison.Ordinal) == true);
            MostOpen = Math.Max(MostOpen, open);
        }
    }
}
