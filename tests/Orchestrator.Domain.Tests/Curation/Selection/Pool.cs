using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Domain.Tests.Curation.Selection;

/// <summary>One scored sample of a test pool.</summary>
public sealed record Scored(float Score, string Key, int Part, long Row);

/// <summary>A pool divided into parts and chunks, and the answer a full sort gives.</summary>
public sealed class Pool : IScoreSource
{
    private readonly List<(int Part, long FirstRow, Scored[] Rows)> _chunks;

    private Pool(List<(int Part, long FirstRow, Scored[] Rows)> chunks) => _chunks = chunks;

    public IReadOnlyList<Scored> Samples => [.. _chunks.SelectMany(c => c.Rows)];

    /// <summary>Keys asked for, to see that boundaries alone cost keys.</summary>
    public int KeysRead { get; private set; }

    public int Readings { get; private set; }

    public static Pool Of(IReadOnlyList<(float Score, string Key)> samples, int partSize = int.MaxValue, int chunkSize = int.MaxValue)
    {
        List<(int, long, Scored[])> chunks = [];
        var place = samples.Select((s, i) => new Scored(s.Score, s.Key, i / partSize, i % partSize));
        foreach (var part in place.GroupBy(s => s.Part))
        {
            chunks.AddRange(part.Chunk(chunkSize).Select(c => (part.Key, c[0].Row, c)));
        }

        return new Pool(chunks);
    }

    /// <summary>The same samples at the same places, chunks in another order.</summary>
    public Pool Shuffled(int seed)
    {
        var chunks = _chunks.ToArray();
        new Random(seed).Shuffle(chunks);
        return new Pool([.. chunks]);
    }

    /// <summary>The same samples at the same places, in chunks of another size.</summary>
    public Pool Rechunked(int chunkSize) =>
        new([.. _chunks.SelectMany(c => c.Rows.Chunk(chunkSize).Select(rows => (c.Part, rows[0].Row, rows)))]);

    public IEnumerable<ScoreChunk> Open()
    {
        Readings++;
        foreach (var (part, firstRow, rows) in _chunks)
        {
            yield return new ScoreChunk(part, firstRow, rows.Select(r => r.Score).ToArray(), i =>
            {
                KeysRead++;
                return rows[i].Key;
            });
        }
    }

    public IReadOnlyList<Scored> Kept(SelectionCut cut) => [.. Samples.Where(s => cut.Includes(s.Score, s.Key, s.Part, s.Row))];

    /// <summary>The finite samples, best first, by a comparison written without the code under test: bytes of the key, one at a time.</summary>
    public IReadOnlyList<Scored> Sorted() =>
        [.. Samples.Where(s => float.IsFinite(s.Score))
            .OrderByDescending(s => (double)s.Score)
            .ThenBy(s => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(s.Key)), StringComparer.Ordinal)
            .ThenBy(s => s.Part).ThenBy(s => s.Row)];

    /// <summary>Pools with heavy ties, equal keys, both zeros, infinities, NaN and negative numbers.</summary>
    public static Arbitrary<Pool> Arbitrary { get; } = (
        from count in Gen.Choose(0, 60)
        from samples in Gen.ListOf(
            from score in Gen.Frequency(
                (6, Gen.Elements(0f, -0f, 0.25f, 0.25000003f, -0.25f, 1f, float.Epsilon, -float.Epsilon)),
                (1, Gen.Elements(float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue)),
                (2, ArbMap.Default.GeneratorFor<float>()))
            from key in Gen.Frequency(
                (4, Gen.Elements("a", "b", "aa", "a/0", "", "ａ", "𝒳", "é", "~")),
                (1, Gen.Choose(0, 99).Select(i => $"shard/{i:00000}")))
            select (score, key),
            count)
        from partSize in Gen.Choose(1, 25)
        from chunkSize in Gen.Choose(1, 9)
        select Of(samples.ToList(), partSize, chunkSize)).ToArbitrary();
}
