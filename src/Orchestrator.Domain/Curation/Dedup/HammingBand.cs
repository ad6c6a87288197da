using System.Numerics;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>Some neighbouring bits of a hash, and how far two hashes may differ in them to be compared (<see cref="HammingPairs"/>).</summary>
/// <param name="Start">Lowest bit.</param>
/// <param name="Bits">Bits used, up to 31.</param>
/// <param name="Reach">Most bits of the band in which a pair may differ to be found here.</param>
internal readonly record struct HammingBand(int Start, int Bits, int Reach)
{
    /// <summary>The bands of the least expected cost for this many hashes.</summary>
    public static HammingBand[] Choose(int count, int radius) =>
        (from m in Enumerable.Range(1, radius + 1)
         from width in Enumerable.Range(1, 64)
         let bands = Divide(m, width, radius, count)
         where bands.Length > 0
         select bands).MinBy(bands => bands.Sum(b => b.Cost(count)))!;

    /// <summary>The band's bits of a hash.</summary>
    public int KeyOf(ulong hash) => (int)((hash >> Start) & ((1UL << Bits) - 1));

    /// <summary>Keys with 1 to <see cref="Reach"/> bits set, rising.</summary>
    public int[] Flips()
    {
        var bits = Bits;
        List<int> flips = [];
        List<int> level = [0];
        for (var set = 0; set < Reach; set++)
        {
            level = [.. level.SelectMany(key => Enumerable.Range(0, bits).Select(bit => 1 << bit).Where(bit => bit > key).Select(bit => key | bit))];
            flips.AddRange(level);
        }

        return [.. flips.Order()];
    }

    // The bands that may differ by more take the given width each, the others share the rest; empty where that is impossible.
    private static HammingBand[] Divide(int m, int width, int radius, int count)
    {
        // More bits than hashes would make the bucket table larger than the pool; fewer than the band has is as exact, since
        // a part of a band differs by no more bits than the band.
        var most = Math.Max(8, BitOperations.Log2((uint)Math.Max(1, count)) + 1);
        var (a, far) = (radius / m, (radius % m) + 1);
        var (near, rest) = (m - far, 64 - (far * width));
        if (rest < near || (near == 0 && rest >= far))
        {
            return [];
        }

        var bands = new List<HammingBand>(m);
        for (var (i, end) = (0, 64); i < m && (i < far || a > 0); i++)
        {
            var bits = i < far ? width : (rest / near) + (i - far < rest % near ? 1 : 0);
            bands.Add(new HammingBand(end - Math.Min(bits, most), Math.Min(bits, most), i < far ? a : a - 1));
            end -= bits;
        }

        return [.. bands];
    }

    // Nanoseconds a hash, as measured on one machine: passes of the sort, the hash's own turn, the buckets that are looked up
    // for its bucket, hashes compared. A bucket's part of the cost is shared by the hashes in it.
    private double Cost(int count)
    {
        var size = count / Math.Pow(2, Bits);
        var bits = Bits;
        var keys = Enumerable.Range(0, Reach + 1).Sum(set => Ways(bits, set));
        var sort = Start + Bits == 64 ? 0 : 4 * ((Bits + 7) / 8);
        return sort + 5 + ((1 - Math.Exp(-size)) / size * (5 + (3 * (keys - 1)))) + (0.25 * size * keys);
    }

    private static double Ways(int bits, int set)
    {
        var ways = 1.0;
        for (var i = 0; i < set; i++)
        {
            ways = ways * (bits - i) / (i + 1);
        }

        return ways;
    }
}
