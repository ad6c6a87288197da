using System.Numerics;

namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>
/// Finds every pair of 64-bit hashes that differ in at most r bits, without comparing all pairs: multi-index hashing
/// (Norouzi, Punjani, Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", 2012).
/// </summary>
/// <remarks>
/// The hash is cut into m bands. With r = a m + b, a pair within r bits differs by at most a bits in one of the first b + 1
/// bands or by at most a - 1 in one of the others, so only hashes whose bands are that near are compared. m and the widths of the
/// bands are chosen by the expected cost (<see cref="HammingBand"/>), which keeps the growth close to linear while hashes are
/// spread out; many hashes that share a band cost a comparison each. What a large pool costs more for each hash than a small one are
/// cache misses and branches that end by chance, so buckets are sorted by radix and walked in order, the small buckets near one
/// are put in a row before its hashes are compared with them, and found pairs look up their indexes many at a time.
/// Memory: 24 bytes a hash, up to 8 for the bucket table. Deterministic; a pair is found once.
/// </remarks>
public sealed class HammingPairs
{
    /// <summary>Largest radius: beyond it unrelated pictures meet.</summary>
    public const int MaxRadius = 16;

    private const int RowLength = 1024;
    private const int SmallBucket = 16;

    private readonly ulong[] _hashes;
    private readonly int _radius;
    private readonly HammingBand[] _bands;

    /// <param name="hashes">At most 2^29 different hashes, rising.</param>
    /// <param name="radius">Most bits that differ, 0 to <see cref="MaxRadius"/>.</param>
    public HammingPairs(ulong[] hashes, int radius)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(radius);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(radius, MaxRadius);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hashes.Length, 1 << 29, nameof(hashes));
        for (var i = 1; i < hashes.Length; i++)
        {
            if (hashes[i] <= hashes[i - 1])
            {
                throw new ArgumentException($"Hash {i} is not above the one before it; sort them and leave equal ones out.", nameof(hashes));
            }
        }

        (_hashes, _radius, _bands) = (hashes, radius, HammingBand.Choose(hashes.Length, radius));
    }

    /// <summary>Visits each pair (i, j) of indexes, i &lt; j, once; in no promised order.</summary>
    public void Visit(Action<int, int> found, CancellationToken cancellationToken = default)
    {
        var (first, second) = (new ulong[_hashes.Length], new ulong[_hashes.Length]);
        var hits = new Hits(_hashes, found);
        for (var i = 0; i < _bands.Length; i++)
        {
            var band = _bands[i];

            // The first band is the highest, in whose order the hashes already are.
            var sorted = band.Start + band.Bits == 64 ? _hashes : HashSort.Sort(_hashes, band.Start, band.Bits, first, second);
            Visit(i, sorted, hits, cancellationToken);
        }

        hits.Report();
    }

    private void Visit(int index, ulong[] sorted, Hits hits, CancellationToken cancellationToken)
    {
        var band = _bands[index];
        var starts = HashSort.Starts(sorted, band.Start, band.Bits);
        var flips = band.Flips();
        var ofTop = Enumerable.Range(0, band.Bits + 1).Select(top => flips.Count(flip => flip < 1 << top)).ToArray();
        var row = new ulong[RowLength];
        for (var key = 0; key < 1 << band.Bits; key++)
        {
            var bucket = sorted.AsSpan(starts[key]..starts[key + 1]);
            if (bucket.Length == 0)
            {
                continue;
            }

            for (var i = 1; i < bucket.Length; i++)
            {
                Compare(index, bucket.Slice(i - 1, 1), bucket[i..], hits, cancellationToken);
            }

            // Each two buckets meet once: at the one whose key lacks the highest bit in which the two differ.
            var filled = 0;
            for (var free = ~key & ((1 << band.Bits) - 1); free != 0; free &= free - 1)
            {
                var top = BitOperations.TrailingZeroCount(free);
                foreach (var flip in flips.AsSpan(ofTop[top]..ofTop[top + 1]))
                {
                    var from = starts[key ^ flip];
                    var count = starts[(key ^ flip) + 1] - from;
                    if (count > SmallBucket || from + SmallBucket > sorted.Length)
                    {
                        Compare(index, bucket, sorted.AsSpan(from, count), hits, cancellationToken);
                        continue;
                    }

                    if (filled + SmallBucket > row.Length)
                    {
                        Compare(index, bucket, row.AsSpan(0, filled), hits, cancellationToken);
                        filled = 0;
                    }

                    // Always as many, since a loop that ends by chance costs more than the copy; the next bucket overwrites the rest.
                    sorted.AsSpan(from, SmallBucket).CopyTo(row.AsSpan(filled, SmallBucket));
                    filled += count;
                }
            }

            Compare(index, bucket, row.AsSpan(0, filled), hits, cancellationToken);
        }
    }

    private void Compare(int index, ReadOnlySpan<ulong> bucket, ReadOnlySpan<ulong> others, Hits hits, CancellationToken cancellationToken)
    {
        if (others.Length >= RowLength / 2)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        foreach (var hash in bucket)
        {
            foreach (var other in others)
            {
                var difference = hash ^ other;
                if (BitOperations.PopCount(difference) <= _radius && !FoundBefore(index, difference))
                {
                    hits.Add(hash, other);
                }
            }
        }
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

    /// <summary>Found pairs of hashes; their indexes are looked up many at a time, for a look-up waits for memory and does not hinder the next.</summary>
    private sealed class Hits(ulong[] hashes, Action<int, int> found)
    {
        private readonly int _topBits = BitOperations.Log2((uint)hashes.Length | 1) + 1;
        private readonly (ulong Low, ulong High)[] _pairs = new (ulong, ulong)[1024];
        private readonly (int Low, int High)[] _indexes = new (int, int)[1024];
        private int[]? _starts;
        private int _count;

        public void Add(ulong hash, ulong other)
        {
            _pairs[_count++] = (Math.Min(hash, other), Math.Max(hash, other));
            if (_count == _pairs.Length)
            {
                Report();
            }
        }

        public void Report()
        {
            _starts ??= HashSort.Starts(hashes, 64 - _topBits, _topBits);
            for (var i = 0; i < _count; i++)
            {
                _indexes[i] = (IndexOf(_pairs[i].Low), IndexOf(_pairs[i].High));
            }

            for (var i = 0; i < _count; i++)
            {
                found(_indexes[i].Low, _indexes[i].High);
            }

            _count = 0;
        }

        private int IndexOf(ulong hash)
        {
            // One or two where hashes are spread out; where many share their high bits, the search is still short.
            var top = (int)(hash >> (64 - _topBits));
            var (from, count) = (_starts![top], _starts[top + 1] - _starts[top]);
            if (count > SmallBucket)
            {
                return Array.BinarySearch(hashes, from, count, hash);
            }

            while (hashes[from] != hash)
            {
                from++;
            }

            return from;
        }
    }
}
