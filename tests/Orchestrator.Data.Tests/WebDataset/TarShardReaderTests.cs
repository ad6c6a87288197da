using System.Text;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.WebDataset;

/// <summary>What a reader does with archives nobody should have made.</summary>
public sealed class TarShardReaderTests
{
    [Fact]
    public void TryOpen_MissingFile_IsAValueThatNamesTheFile()
    {
        Assert.False(TarShardReader.TryOpen("no/such/00000000.tar", null, out _, out var damage));
        Assert.Equal(ShardDamageKind.Missing, damage.Kind);
        Assert.Contains("no/such/00000000.tar", damage.Message);
        Assert.False(damage.Retryable);
    }

    [Fact]
    public void TryOpen_AFolder_IsUnreadable()
    {
        using var folder = new TemporaryFolder();

        Assert.False(TarShardReader.TryOpen(folder.Path, null, out _, out var damage));
        Assert.Equal(ShardDamageKind.Unreadable, damage.Kind);
    }

    [Fact]
    public void Read_FailingDisk_EndsWithARetryableDamage()
    {
        using var reader = new TarShardReader(new FailingStream(new TarBytes().File("a.jpg").File("b.jpg").End(), 1000));
        var samples = reader.ReadAll().ToList();

        Assert.Equal(ShardDamageKind.Unreadable, reader.Damage?.Kind);
        Assert.True(reader.Damage?.Retryable);
        Assert.Equal(SampleFaultKind.DamagedShard, Assert.Single(samples).Fault?.Kind);
    }

    [Fact]
    public void Read_NoBytes_IsEmpty()
    {
        var (samples, damage) = Read([]);

        Assert.Empty(samples);
        Assert.Equal((ShardDamageKind.Empty, 0L), (damage!.Kind, damage.Offset));
    }

    [Fact]
    public void Read_OnlyTheEndMarker_IsAProperShardWithoutSamples()
    {
        var (samples, damage) = Read(new TarBytes().End());

        Assert.Empty(samples);
        Assert.Null(damage);
    }

    [Fact]
    public void Read_CutInAHeader_YieldsWhatIsCompleteAndSaysWhere()
    {
        var tar = new TarBytes().File("a.jpg").File("a.txt").File("b.jpg");
        var bytes = tar.Header("b.txt", 4).Open()[..((int)tar.Length - 300)];

        var (samples, damage) = Read(bytes);

        Assert.Equal(["a", "b"], samples.Select(s => s.Key));
        Assert.Null(samples[0].Fault);
        Assert.Equal(SampleFaultKind.DamagedShard, samples[1].Fault?.Kind);
        Assert.Single(samples[1].Members);
        Assert.Equal((ShardDamageKind.Truncated, 3072L), (damage!.Kind, damage.Offset));
    }

    [Fact]
    public void Read_CutInData_YieldsWhatIsCompleteAndSaysWhere()
    {
        var bytes = new TarBytes().File("a.jpg").File("b.txt").Header("b.jpg", 5000).Raw(new byte[700]).Open();

        var (samples, damage) = Read(bytes);

        Assert.Equal(["a", "b"], samples.Select(s => s.Key));
        Assert.Null(samples[0].Fault);
        Assert.Equal(["txt"], samples[1].Members.Select(m => m.Extension));
        Assert.Equal(SampleFaultKind.DamagedShard, samples[1].Fault?.Kind);
        Assert.Equal((ShardDamageKind.Truncated, 2560L), (damage!.Kind, damage.Offset));
    }

    [Fact]
    public void Read_CutBetweenMembers_KeepsEverySampleAndReportsTheMissingMarker()
    {
        var (samples, damage) = Read(new TarBytes().File("a.jpg").File("b.jpg").Open());

        Assert.Equal(2, samples.Count);
        Assert.All(samples, s => Assert.Null(s.Fault));
        Assert.Equal(ShardDamageKind.MissingEndMarker, damage?.Kind);
    }

    [Fact]
    public void Read_BadChecksum_StopsThere()
    {
        var bytes = new TarBytes().File("a.jpg").File("b.jpg").File("c.jpg").End();
        bytes[1024 + 148] ^= 1;

        var (samples, damage) = Read(bytes);

        Assert.Equal(["a"], samples.Select(s => s.Key));
        Assert.Equal((ShardDamageKind.BadHeader, 1024L), (damage!.Kind, damage.Offset));
        Assert.Contains("checksum", damage.Message);
    }

    [Fact]
    public void Read_Gzip_SaysSo()
    {
        var (samples, damage) = Read([0x1f, 0x8b, .. new byte[600]]);

        Assert.Empty(samples);
        Assert.Contains("gzip", damage?.Message);
    }

    [Fact]
    public void Read_DataBehindTheEnd_IsReported()
    {
        var first = new TarBytes().File("a.jpg").End();

        var (samples, damage) = Read([.. first, .. new TarBytes().File("b.jpg").End()]);

        Assert.Equal(["a"], samples.Select(s => s.Key));
        Assert.Null(samples[0].Fault);
        Assert.Equal((ShardDamageKind.TrailingData, (long)first.Length), (damage!.Kind, damage.Offset));
    }

    [Theory]
    [InlineData("../../x")]
    [InlineData("../../x.jpg")]
    [InlineData("/etc/x.jpg")]
    [InlineData("a/../b.jpg")]
    [InlineData("..")]
    [InlineData("a\\..\\..\\b.jpg")]
    [InlineData("C:/x.jpg")]
    [InlineData("a\nb.jpg")]
    public void Read_UnsafeName_IsASampleWithAFault(string name)
    {
        var (samples, damage) = Read(new TarBytes().File("a.jpg").File(name).File("z.jpg").End());

        Assert.Null(damage);
        Assert.Equal(3, samples.Count);
        Assert.Equal(SampleFaultKind.UnsafeName, samples[1].Fault?.Kind);
        Assert.Equal(name, samples[1].Fault?.MemberName);
        Assert.Empty(samples[1].Members);
        Assert.All([samples[0], samples[2]], s => Assert.Null(s.Fault));
    }

    [Fact]
    public void Read_NulInAPaxPath_IsUnsafe()
    {
        var (samples, _) = Read(new TarBytes().Pax(("path", "a\0b.jpg")).File("x").End());

        Assert.Equal(SampleFaultKind.UnsafeName, Assert.Single(samples).Fault?.Kind);
    }

    [Fact]
    public void Read_NameThatIsNotUtf8_IsUnsafeAndShownEscaped()
    {
        var (samples, _) = Read(new TarBytes().File([(byte)'a', 0xff, (byte)'.', (byte)'j'], [1]).End());

        var sample = Assert.Single(samples);
        Assert.Equal(SampleFaultKind.UnsafeName, sample.Fault?.Kind);
        Assert.Equal("a\\xff.j", sample.Fault?.MemberName);
    }

    [Fact]
    public void Read_MemberLargerThanTheLimit_IsPassedOver()
    {
        var options = new TarReadOptions { MaxMemberBytes = 1000 };
        var (samples, damage) = Read(new TarBytes().File("a.jpg", new string('x', 1001)).File("a.txt").File("b.jpg", new string('x', 1000)).End(), options);

        Assert.Null(damage);
        Assert.Equal(SampleFaultKind.MemberTooLarge, samples[0].Fault?.Kind);
        Assert.Equal("a.jpg", samples[0].Fault?.MemberName);
        Assert.Equal(["txt"], samples[0].Members.Select(m => m.Extension));
        Assert.Null(samples[1].Fault);
    }

    [Theory]
    [InlineData(200L << 20)]
    [InlineData(8L << 30)]
    public void Read_HugeDeclaredSize_ReservesLittleAndEndsTruncated(long size)
    {
        var bytes = new TarBytes().File("a.jpg").Header("b.jpg", size).Raw(new byte[5000]).Open();
        foreach (var stream in (Stream[])[new MemoryStream(bytes), new TrickleStream(new MemoryStream(bytes))])
        {
            using var reader = new TarShardReader(stream);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var samples = reader.ReadAll().ToList();

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
            Assert.Equal(ShardDamageKind.Truncated, reader.Damage?.Kind);
            Assert.Equal(2, samples.Count);
            Assert.NotNull(samples[1].Fault);
        }
    }

    [Fact]
    public void Read_HugeExtendedHeader_IsDamage()
    {
        var (_, damage) = Read(new TarBytes().Header("x", 4L << 30, 'x').Raw(new byte[5000]).Open());

        Assert.Equal(ShardDamageKind.BadHeader, damage?.Kind);
    }

    [Fact]
    public void Read_SampleLargerThanTheLimit_IsAFault()
    {
        var options = new TarReadOptions { MaxSampleBytes = 1500 };
        var (samples, _) = Read(new TarBytes().File("a.jpg", new string('x', 1000)).File("a.png", new string('x', 1000)).End(), options);

        Assert.Equal(SampleFaultKind.SampleTooLarge, Assert.Single(samples).Fault?.Kind);
        Assert.Single(samples[0].Members);
    }

    [Fact]
    public void Read_TooManyMembers_IsAFault()
    {
        var tar = new TarBytes();
        for (var i = 0; i < 20; i++)
        {
            tar.File($"a.{i}");
        }

        var (samples, _) = Read(tar.End(), new TarReadOptions { MaxMembers = 10 });

        Assert.Equal(SampleFaultKind.TooManyMembers, Assert.Single(samples).Fault?.Kind);
        Assert.Equal(10, samples[0].Members.Count);
    }

    [Fact]
    public void Read_CaptionOfOneMegabyte_ArrivesWhole()
    {
        var caption = new string('c', 1 << 20);
        var (samples, _) = Read(new TarBytes().File("a.txt", caption).End());

        Assert.Equal(caption, Encoding.UTF8.GetString(samples[0].Members[0].Data.Span));
    }

    [Fact]
    public void Read_CaptionThatIsNotUtf8_KeepsItsBytes()
    {
        byte[] caption = [0x63, 0xff, 0xfe, 0xc3];
        var (samples, _) = Read(new TarBytes().File("a.txt"u8.ToArray(), caption).End());

        Assert.Equal(caption, samples[0].Members[0].Data.ToArray());
        Assert.Null(samples[0].Fault);
        Assert.False(Utf8Text.TryDecode(samples[0].Members[0].Data.Span, out _));
        Assert.Equal("c\\xff\\xfe\\xc3", Utf8Text.Escape(caption));
    }

    [Theory]
    [InlineData('1')]
    [InlineData('2')]
    public void Read_Link_IsNeverFollowedAndCounted(char type)
    {
        using var reader = new TarShardReader(new MemoryStream(new TarBytes().Header("a.jpg", 0, type).File("a.txt").End()));
        var sample = Assert.Single(reader.ReadAll());

        Assert.Equal(["txt"], sample.Members.Select(m => m.Extension));
        Assert.Equal(1, reader.Tally.NotRegular);
    }

    [Fact]
    public void Read_SparseMembers_AreFaultsAndTheRestIsRead()
    {
        // The old GNU form: header, two extension blocks (each says whether another follows), one block of data.
        var (first, second, data) = (new byte[512], new byte[512], new byte[512]);
        first[504] = 1;
        var tar = new TarBytes().Header("a.jpg", 512, 'S').Raw([.. first, .. second, .. data]).File("b.jpg").Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "c.jpg")).File("x").File("d.jpg").End();
        tar[482] = 1;
        TarBytes.Seal(tar.AsSpan(0, 512));

        var (samples, damage) = Read(tar);

        Assert.Null(damage);
        Assert.Equal(["a", "b", "c", "d"], samples.Select(s => s.Key));
        Assert.Equal([SampleFaultKind.SparseMember, null, SampleFaultKind.SparseMember, null], samples.Select(s => s.Fault?.Kind));
    }

    [Fact]
    public void Read_DuplicateExtension_StartsASampleAndSaysSo()
    {
        using var reader = new TarShardReader(new MemoryStream(new TarBytes().File("a.jpg").File("a.txt").File("a.JPG").File("b.jpg").End()));
        var samples = reader.ReadAll().ToList();

        Assert.Equal(["a", "a", "b"], samples.Select(s => s.Key));
        Assert.Equal([false, true, false], samples.Select(s => s.StartedByDuplicate));
        Assert.Equal(1, reader.Tally.DuplicateExtensions);
    }

    [Fact]
    public void Tally_CountsEveryMember()
    {
        var tar = new TarBytes().File("a.jpg").File("a.txt").File("__meta__").File("noext").Header("d/", 0, '5').File("../x.jpg").End();
        using var reader = new TarShardReader(new MemoryStream(tar));
        var samples = reader.ReadAll().ToList();

        Assert.Equal(new TarTally(6, 2, 1, 1, 1, 0), reader.Tally);
        Assert.Equal(2, samples.Count);
    }

    private static (List<WebSample> Samples, ShardDamage? Damage) Read(byte[] bytes, TarReadOptions? options = null)
    {
        using var reader = new TarShardReader(new MemoryStream(bytes), options);
        var samples = reader.ReadAll().ToList();
        Assert.False(reader.TryRead(out _));
        return (samples, reader.Damage);
    }

    private sealed class FailingStream(byte[] bytes, int failAt) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            Position >= failAt ? throw new IOException("Input/output error") : base.Read(buffer, offset, (int)Math.Min(count, failAt - Position));
    }
}
