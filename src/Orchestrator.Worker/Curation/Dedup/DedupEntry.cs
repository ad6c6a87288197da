using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>A sample in a dedup stage.</summary>
/// <param name="Group">What it shares with samples like it: its hash, the number of a set of hashes, or a cluster.</param>
/// <param name="IsEarlier">True for a sample of an earlier pool.</param>
/// <param name="Rank">Lower stays rather than higher. Never NaN.</param>
/// <param name="Key">Its key.</param>
/// <param name="Part">Its part, earlier pools after the job's own.</param>
/// <param name="Position">Position in the part.</param>
/// <param name="Row">Ordinal in its input shard.</param>
/// <param name="Embedding">Its embedding; empty where the stage needs none.</param>
internal sealed record DedupEntry((UInt128 High, UInt128 Low) Group, bool IsEarlier, float Rank, string Key, int Part, long Position, long Row, Half[] Embedding)
{
    /// <summary>Records held before a run is written: some tens of megabytes.</summary>
    private const int RunLength = 250_000;

    private const int RunValues = 16_000_000;

    /// <summary>A sorter by group, then best first.</summary>
    /// <param name="folder">Where runs go.</param>
    /// <param name="dimension">Values of an embedding, 0 for none.</param>
    public static SpillSort<DedupEntry> Sorter(string folder, int dimension = 0) => new(
        folder, Comparer<DedupEntry>.Create(Compare), Write, Read, dimension == 0 ? RunLength : Math.Clamp(RunValues / dimension, 1, RunLength));

    private static int Compare(DedupEntry x, DedupEntry y)
    {
        var group = x.Group.CompareTo(y.Group);
        if (group != 0)
        {
            return group;
        }

        var earlier = y.IsEarlier.CompareTo(x.IsEarlier);
        var rank = earlier != 0 ? earlier : x.Rank.CompareTo(y.Rank);
        var key = rank != 0 ? rank : KeyOrder.Instance.Compare(x.Key, y.Key);
        var part = key != 0 ? key : x.Part.CompareTo(y.Part);
        return part != 0 ? part : x.Position.CompareTo(y.Position);
    }

    private static void Write(BinaryWriter to, DedupEntry entry)
    {
        foreach (var word in (ReadOnlySpan<UInt128>)[entry.Group.High, entry.Group.Low])
        {
            to.Write((ulong)(word >> 64));
            to.Write((ulong)word);
        }

        to.Write(entry.IsEarlier);
        to.Write(entry.Rank);
        to.Write(entry.Key);
        to.Write(entry.Part);
        to.Write(entry.Position);
        to.Write(entry.Row);
        to.Write(entry.Embedding.Length);
        to.Write(HalfNpy.Bytes(entry.Embedding));
    }

    private static DedupEntry Read(BinaryReader from)
    {
        var group = (Word(from), Word(from));
        var (earlier, rank, key, part, position, row) =
            (from.ReadBoolean(), from.ReadSingle(), from.ReadString(), from.ReadInt32(), from.ReadInt64(), from.ReadInt64());
        var embedding = new Half[from.ReadInt32()];
        from.BaseStream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(embedding.AsSpan()));
        return new DedupEntry(group, earlier, rank, key, part, position, row, embedding);
    }

    private static UInt128 Word(BinaryReader from) => new(from.ReadUInt64(), from.ReadUInt64());
}
