using Orchestrator.BadInput.Tests.Corpus;
using Orchestrator.Data.Tests.WebDataset;
using Orchestrator.Data.WebDataset;

namespace Orchestrator.BadInput.Tests.Fuzz;

/// <summary>Mutated archives through the reader of shards.</summary>
public sealed class TarFuzzTests
{
    private const int Count = 6_000;
    private const int MaxMember = 1 << 20;

    // Archives of every feature, good and bad ones, and small ones of many samples; the large ones would only be slow.
    private static readonly byte[][] Archives =
    [
        .. BadShards.All.Select(s => s.Bytes).Where(b => b.Length is > 512 and < 400_000),
        .. Enumerable.Range(0, 60).Select(i => Enumerable.Range(0, 5 + (i % 7)).Aggregate(new TarBytes(), (tar, j) => tar.Pax(("mtime", $"{i}.5")).File($"d/{j}.txt", "text").File($"d/{j}.jpg", new string('x', 37 * i))).End()),
    ];

    [Fact]
    public void Read_MutatedArchive_EndsAndAddsUp()
    {
        var (before, read, damaged, seeds) = (GC.GetTotalAllocatedBytes(), 0L, 0L, 0);
        foreach (var seed in FuzzPlan.Seeds(Count))
        {
            var random = new Random(seed);
            var bytes = Mutations.Archive(Archives[random.Next(Archives.Length)], Archives, random);
            var (samples, tally, damage) = Read(bytes, seed);
            read += samples;
            damaged += damage is null ? 0 : 1;
            seeds++;
            Assert.True(samples == tally.Samples, $"seed {seed}: {samples} samples came out, {tally.Samples} were counted");
            Assert.True(samples <= bytes.Length / 512, $"seed {seed}: {samples} samples out of {bytes.Length} bytes");
        }

        Assert.True(seeds >= 10 && read > seeds / 2 && damaged > seeds / 10, $"{seeds} archives, {read} samples, {damaged} damaged: the mutations reach nothing");
        TestContext.Current.SendDiagnosticMessage("{0} archives, {1} samples, {2} damaged", seeds, read, damaged);
        MemoryBound.Assert(before, allocated: seeds * 4_000_000L, peak: 1_500_000_000);
    }

    private static (long Samples, TarTally Tally, ShardDamage? Damage) Read(byte[] bytes, int seed)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var reader = new TarShardReader(new MemoryStream(bytes), new TarReadOptions { MaxMemberBytes = MaxMember, MaxSampleBytes = 2 * MaxMember, BufferBytes = 4096 });
        var (ordinal, offset) = (0L, -1L);
        while (reader.TryRead(out var sample))
        {
            Assert.True(sample.Ordinal == ordinal++, $"seed {seed}: ordinal {sample.Ordinal}");
            Assert.True(sample.Offset > offset && sample.Offset < bytes.Length, $"seed {seed}: offset {sample.Offset}");
            Assert.True(sample.Members.Sum(m => (long)m.Data.Length) <= bytes.Length, $"seed {seed}: more bytes than there are");
            Assert.True(sample.Fault is not null || sample.Members.Count > 0, $"seed {seed}: a sample of nothing without a fault");
            offset = sample.Offset;
        }

        Assert.False(reader.TryRead(out _), $"seed {seed}: a sample behind the end");
        // Data is held once, names and headers besides; a size field that lies may cost its limit once.
        var asked = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(asked <= (8L * bytes.Length) + (2 * MaxMember) + 200_000, $"seed {seed}: {asked:N0} bytes for an archive of {bytes.Length:N0}");
        return (ordinal, reader.Tally, reader.Damage);
    }
}
