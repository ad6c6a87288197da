using System.Numerics;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>
/// Finds every pair of 64-bit hashes that differ in at most r bits, without comparing all pairs: multi-index hashing
/// (Norouzi, Punjani, Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012).
/// </summary>
/// <remarks>
/// The hash is cut into m bands. With r = a m + b, a pair within r bits differs by at most a bits in one of the first b + 1
/// bands or by at most a - 1 in one of the others, so only hashes whose bands are that near are compared. Bands are walked in
/// the order of their buckets, which keeps memory access near sequential. m and the widths of the bands are chosen by the expected
/// cost, which keeps the growth close to linear while hashes are spread out; many hashes that share a band cost a comparison each.
/// The first band is the highest, in whose order the hashes already are. Memory: 16 bytes a hash and up to 8 for the bucket table. Deterministic; a pair is found once.
/// </remarks>
public sealed class HammingPairs
{
    /// <summary>Largest radius: beyond it unrelated pictures meet.</summary>
    public const int MaxRadius = 16;

    private readonly ulong[] _hashes;
    private readonly int _radius;
    private readonly Band[] _bands;

    /// <param name="hashes">At most 2^30 different hashes, rising.</param>
    /// <param name="radius">Most bits that differ, 0 to <see cref="MaxRadius"/>.</param>
    public HammingPairs(ulong[] hashes, int radius)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(radius);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(radius, MaxRadius);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashes.Length, 1 << 30, nameof(hashes));
        for (var i = 1; i < hashes.Length; i++)
        {
            if (hashes[i] <= hashes[i - 1])
            {
                throw new ArgumentException($"Hash {i} is not above the one before it; sort them and leave equal ones out.", nameof(hashes));
            }
        }

        (_hashes, _radius) = (hashes, radius);
        _bands = (from m in Enumerable.Range(1, radius + 1)
                  from width in Enumerable.Range(1, 64)
                  let bands = Divide(m, width, radius, hashes.Length)
                  where bands.Length > 0
                  select bands).MinBy(bands => bands.Sum(b => b.Cost(hashes.Length)))!;
    }

    /// <summary>Visits each pair (i, j) of indexes, i &lt; j, once; in no promised order.</summary>
    public void Visit(Action<int, int> found, CancellationToken cancellationToken = default)
    {
        ulong[][] buffers = [new ulong[_hashes.Length], new ulong[_hashes.Length]];
        for (var i = 0; i < _bands.Length; i++)
        {
            Visit(i, buffers, found, cancellationToken);
        }
    }

    // The bands that may differ by more take the given width each, the others share the rest; empty where that is impossible.
    private static Band[] Divide(int m, int width, int radius, int count)
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

        var bands = new List<Band>(m);
        for (var (i, end) = (0, 64); i < m && (i < far || a > 0); i++)
        {
            var bits = i < far ? width : (rest / near) + (i - far < rest % near ? 1 : 0);
            bands.Add(new Band(end - Math.Min(bits, most), Math.Min(bits, most), i < far ? a : a - 1));
            end -= bits;
        }

        return [.. bands];
    }

    private void Visit(int index, ulong[][] buffers, Action<int, int> found, CancellationToken cancellationToken)
    {
        var band = _bands[index];
        var sorted = Sort(band, buffers);
        var starts = new int[(1 << band.Bits) + 1];
        for (var (i, key) = (0, 0); key < starts.Length; key++)
        {
            while (i < sorted.Length && band.KeyOf(sorted[i]) < key)
            {
                i++;
            }

            starts[key] = i;
        }

        foreach (var flip in band.Flips())
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < sorted.Length; i++)
            {
                var hash = sorted[i];
                var key = band.KeyOf(hash);
                var other = key ^ flip;
                if (other < key)
                {
                    continue;
                }

                var end = starts[other + 1];
                for (var j = flip == 0 ? i + 1 : starts[other]; j < end; j++)
                {
                    var difference = hash ^ sorted[j];
                    if (BitOperations.PopCount(difference) <= _radius && !FoundBefore(index, difference))
                    {
                        var (first, second) = (Array.BinarySearch(_hashes, hash), Array.BinarySearch(_hashes, sorted[j]));
                        found(Math.Min(first, second), Math.Max(first, second));
                    }
                }
            }
        }
    }

    // Eight bits at a time, so that a pass writes 256 streams and the caches keep up however many hashes there are.
    private ulong[] Sort(Band band, ulong[][] buffers)
    {
        if (band.Start + band.Bits == 64)
        {
            return _hashes;
        }

        var from = _hashes;
        Span<int> next = stackalloc int[257];
        for (var shift = 0; shift < band.Bits; shift += 8)
        {
            next.Clear();
            foreach (var hash in from)
            {
                next[((band.KeyOf(hash) >> shift) & 255) + 1]++;
            }

            for (var i = 1; i < next.Length; i++)
            {
                next[i] += next[i - 1];
            }

            var to = from == buffers[0] ? buffers[1] : buffers[0];
            foreach (var hash in from)
            {
                to[next[(band.KeyOf(hash) >> shift) & 255]++] = hash;
            }

            from = to;
        }

        return from;
    }

    private bool FoundBefore(int index, ulong difference)
    {
        for (var i = 0; i < index; i++)
        {
            if (BitOperations.PopCount((uint)_bands[i].KeyOf(difference)) <= _bands[i].Reach)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="Start">Lowest bit.</param>
    /// <param name="Bits">Bits used, up to 31.</param>
    /// <param name="Reach">Most bits of the band in which a pair may differ to be found here.</param>
    private readonly record struct Band(int Start, int Bits, int Reach)
    {
        public int KeyOf(ulong hash) => (int)((hash >> Start) & ((1UL << Bits) - 1));

        /// <summary>Nanoseconds a hash, as measured on one machine: a pass of the sort, a bucket looked up, a hash compared.</summary>
        public double Cost(int count) =>
            (5 * ((Bits / 8) + 1)) + (Enumerable.Range(0, Reach + 1).Sum(Choose) * (4 + (0.5 * count / Math.Pow(2, Bits))) / 2);

        /// <summary>Keys with at most <see cref="Reach"/> bits set, 0 first.</summary>
        public List<int> Flips()
        {
            var bits = Bits;
            List<int> flips = [0];
            List<int> level = [0];
            for (var set = 0; set < Reach; set++)
            {
                level = [.. level.SelectMany(key => Enumerable.Range(0, bits).Select(bit => 1 << bit).Where(bit => bit > key).Select(bit => key | bit))];
                flips.AddRange(level);
            }

            return flips;
        }

        private double Choose(int set)
        {
            var ways = 1.0;
            for (var i = 0; i < set; i++)
            {
                ways = ways * (Bits - i) / (i + 1);
            }

            return ways;
        }
    }
}
