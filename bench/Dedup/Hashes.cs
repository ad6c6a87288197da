using System.Numerics;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Bench.Dedup;

internal static class Hashes
{
    /// <summary>Spread-out hashes; every tenth is another one with up to radius + 1 bits flipped.</summary>
    public static ulong[] Make(int count, int radius, long seed)
    {
        var hashes = new ulong[count];
        for (var i = 0; i < count; i++)
        {
            hashes[i] = SampleChance.Bits(seed, 0, 0, (ulong)i);
            if (i % 10 == 9)
            {
                var draw = SampleChance.Bits(seed, 1, 0, (ulong)i);
                hashes[i] = hashes[draw % (ulong)i];
                for (var flip = 0UL; flip < draw % (ulong)(radius + 2); flip++)
                {
                    hashes[i] ^= 1UL << (int)(SampleChance.Bits(seed, 2, flip, (ulong)i) & 63);
                }
            }
        }

        return hashes;
    }

    /// <summary>What a dedup stage does with hashes that it has read.</summary>
    public static UnionFind Group(ulong[] hashes, int radius, out long pairs)
    {
        var distinct = HashSort.Distinct((ulong[])hashes.Clone());
        var sets = new UnionFind(distinct.Length);
        var found = 0L;
        new HammingPairs(distinct, radius).Visit((i, j) =>
        {
            found++;
            sets.Union(i, j);
        });
        pairs = found;
        return sets;
    }

    /// <summary>Ordered pairs of one of the first <paramref name="sample"/> hashes and another hash within the radius, each compared.</summary>
    public static long CountNear(ulong[] hashes, int sample, int radius)
    {
        var near = 0L;
        for (var i = 0; i < sample; i++)
        {
            for (var j = 0; j < hashes.Length; j++)
            {
                near += i != j && BitOperations.PopCount(hashes[i] ^ hashes[j]) <= radius ? 1 : 0;
            }
        }

        return near;
    }
}
