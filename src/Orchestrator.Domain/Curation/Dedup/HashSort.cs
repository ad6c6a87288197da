namespace Orchestrator.Domain.Curation.Dedup;

/// <summary>Sorts 64-bit hashes by some of their bits, eight at a time from the lowest: time in proportion to their number.</summary>
/// <remarks>A pass writes 256 streams, so the caches keep up however many hashes there are. Stable.</remarks>
public static class HashSort
{
    private const int Digit = 8;

    /// <summary>The different hashes of an array, rising. 16 bytes a hash, the array given among them: it is used up.</summary>
    public static ulong[] Distinct(ulong[] hashes)
    {
        var sorted = Sort(hashes, 0, 64, hashes, new ulong[hashes.Length]);
        var count = 0;
        foreach (var hash in sorted)
        {
            if (count == 0 || sorted[count - 1] != hash)
            {
                sorted[count++] = hash;
            }
        }

        return count == sorted.Length ? sorted : sorted[..count];
    }

    /// <summary>Sorts by bits start to start + bits - 1.</summary>
    /// <param name="hashes">Read; left as they are unless they are one of the buffers.</param>
    /// <param name="start">Lowest bit.</param>
    /// <param name="bits">Bits, up to 64 - start.</param>
    /// <param name="first">As long as the hashes.</param>
    /// <param name="second">As long as the hashes.</param>
    /// <returns>The sorted hashes: one of the buffers, or the hashes themselves where they stand in order by these bits.</returns>
    public static ulong[] Sort(ulong[] hashes, int start, int bits, ulong[] first, ulong[] second)
    {
        var from = hashes;
        Span<int> next = stackalloc int[1 << Digit];
        for (var done = 0; done < bits; done += Digit)
        {
            var (shift, mask) = (start + done, (1UL << Math.Min(Digit, bits - done)) - 1);
            next.Clear();
            foreach (var hash in from)
            {
                next[(int)((hash >> shift) & mask)]++;
            }

            var (sum, most) = (0, 0);
            foreach (ref var place in next)
            {
                most = Math.Max(most, place);
                (place, sum) = (sum, sum + place);
            }

            if (most == from.Length)
            {
                continue;
            }

            var to = from == first ? second : first;
            foreach (var hash in from)
            {
                to[next[(int)((hash >> shift) & mask)]++] = hash;
            }

            from = to;
        }

        return from;
    }

    /// <summary>Where each value of some bits begins among hashes sorted by them: 2^bits + 1 places, the last one the number of hashes.</summary>
    /// <param name="sorted">Rising by the bits.</param>
    /// <param name="start">Lowest bit.</param>
    /// <param name="bits">Bits, 1 to 30.</param>
    public static int[] Starts(ulong[] sorted, int start, int bits)
    {
        var mask = (1UL << bits) - 1;
        var starts = new int[(1 << bits) + 1];
        foreach (var hash in sorted)
        {
            starts[(int)((hash >> start) & mask) + 1]++;
        }

        for (var i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }

        return starts;
    }
}
