using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Domain.Tests.Curation.Dedup;

public sealed class HammingPairsTests
{
    [Property(MaxTest = 150)]
    public Property Visit_AnyHashesAnyRadius_FindsEachPairOfTheBruteForceOnce() => Prop.ForAll(
        Gen.Choose(0, 300).ToArbitrary(), Gen.Choose(0, HammingPairs.MaxRadius).ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (count, radius, seed) =>
        {
            // Few roots with a few bits flipped, so that pairs near the radius are many.
            var random = new System.Random(seed);
            var roots = Enumerable.Range(0, 12).Select(_ => (ulong)random.NextInt64()).ToArray();
            var hashes = Enumerable.Range(0, count).Select(_ => Flip(roots[random.Next(12)], random.Next(radius + 2), random)).Distinct().Order().ToArray();
            Assert.Equal(BruteForce(hashes, radius), Found(hashes, radius));
        });

    [Fact]
    public void Visit_HundredThousandHashes_FindsAllPairsOfASample()
    {
        var random = new System.Random(3);
        var hashes = Enumerable.Range(0, 100_000).Select(_ => (ulong)random.NextInt64() ^ ((ulong)random.Next() << 40)).ToArray();
        for (var i = 0; i < 20_000; i += 2)
        {
            hashes[i + 1] = Flip(hashes[random.Next(100_000)], random.Next(6), random);
        }

        hashes = [.. hashes.Distinct().Order()];
        var pairs = Found(hashes, 4);
        Assert.True(pairs.Count > 5_000);
        for (var i = 0; i < 300; i++)
        {
            for (var j = 0; j < hashes.Length; j++)
            {
                var near = i != j && BitOperations.PopCount(hashes[i] ^ hashes[j]) <= 4;
                Assert.True(near == pairs.Contains((Math.Min(i, j), Math.Max(i, j))), $"{i}, {j}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public void Visit_HashesThatShareMostBits_FindsEachPairOnce(int radius)
    {
        // All in a few buckets of every band: rows overflow, buckets are long, the last ones stand at the end of the pool.
        var random = new System.Random(5);
        ulong[] hashes = [.. Enumerable.Range(0, 4_000).Select(_ => (ulong.MaxValue << 20) | ((ulong)(uint)random.Next(1 << 10) << 10) | (uint)random.Next(4)).Distinct().Order()];
        Assert.Equal(BruteForce(hashes, radius), Found(hashes, radius));
    }

    [Property(MaxTest = 100)]
    public Property HashSort_AnyHashesAnyBits_SortsByThemAndKeepsTheOrderOfEqualOnes() => Prop.ForAll(
        ArbMap.Default.ArbFor<ulong[]>(), Gen.Choose(0, 63).ToArbitrary(), (given, start) =>
        {
            var bits = Math.Min(21, 64 - start);
            var sorted = HashSort.Sort(given, start, bits, new ulong[given.Length], new ulong[given.Length]);
            Assert.Equal(given.OrderBy(h => (h >> start) & ((1UL << bits) - 1)), sorted);
            Assert.Equal(given.Distinct().Order(), HashSort.Distinct([.. given]));
        });

    [Theory]
    [InlineData(new ulong[] { 3, 3 })]
    [InlineData(new ulong[] { 4, 3 })]
    public void Constructor_HashesThatDoNotRise_AreRefused(ulong[] hashes) => Assert.Throws<ArgumentException>(() => new HammingPairs(hashes, 1));

    [Fact]
    public void UnionFind_NamesSetsByTheirSmallestMember()
    {
        var sets = new UnionFind(6);
        sets.Union(5, 3);
        sets.Union(4, 5);
        sets.Union(1, 0);
        Assert.Equal([0, 0, 2, 3, 3, 3], Enumerable.Range(0, 6).Select(sets.Find));
    }

    private static ulong Flip(ulong hash, int bits, System.Random random)
    {
        for (var i = 0; i < bits; i++)
        {
            hash ^= 1UL << random.Next(64);
        }

        return hash;
    }

    private static SortedSet<(int, int)> Found(ulong[] hashes, int radius)
    {
        var pairs = new SortedSet<(int, int)>();
        new HammingPairs(hashes, radius).Visit((i, j) => Assert.True(i < j && pairs.Add((i, j)), $"{i}, {j} twice"));
        return pairs;
    }

    private static SortedSet<(int, int)> BruteForce(ulong[] hashes, int radius) =>
    [
        .. from i in Enumerable.Range(0, hashes.Length)
           from j in Enumerable.Range(i + 1, hashes.Length - i - 1)
           where BitOperations.PopCount(hashes[i] ^ hashes[j]) <= radius
           select (i, j),
    ];
}
