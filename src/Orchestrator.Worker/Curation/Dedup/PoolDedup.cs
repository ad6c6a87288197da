using System.Globalization;
using Orchestrator.Domain.Curation.Dedup;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation.Dedup;

/// <summary>
/// Runs dedup stages over a scored pool. Samples are sorted by what they share, on disk where they are many, and each group is
/// judged on its own; memory is a bit a sample, the runs of the sort, and for <c>phash</c> about 32 bytes a distinct hash, for
/// <c>embedding</c> the centroids and the largest cluster. The result is a function of the score parts and the document.
/// </summary>
/// <param name="pool">The job's parts.</param>
/// <param name="notes">Receives the duplicates.</param>
/// <param name="folder">Where runs of the sort go.</param>
/// <param name="seed">Seed of the job.</param>
internal sealed class PoolDedup(DedupPool pool, PoolNotes notes, string folder, long seed)
{
    private static readonly IReadOnlyList<DedupPart> NoEarlier = [];

    private readonly Dictionary<int, string> _shards = [];

    /// <summary>Runs a stage.</summary>
    /// <param name="options">The stage.</param>
    /// <param name="earlier">Parts of the pools that it names in <c>against</c>.</param>
    /// <param name="cancellationToken">Observed now and then.</param>
    public DecidedDedup Run(DedupOptions options, IReadOnlyList<DedupPart>? earlier, CancellationToken cancellationToken)
    {
        earlier ??= NoEarlier;
        _shards.Clear();
        return options.Method switch
        {
            DedupMethod.Sha256 => ByGroup(options, earlier, pool.Read(earlier, options, Sha256Of), cancellationToken),
            DedupMethod.Phash => ByGroup(options, earlier, ReadPhash(options, earlier, cancellationToken), cancellationToken),
            _ => ByEmbedding(options, earlier, cancellationToken),
        };
    }

    /// <summary>Values of a cluster.</summary>
    /// <exception cref="InvalidDataException">They are more than an array holds.</exception>
    internal static int ValuesOf(long members, int dimension) => members <= Array.MaxLength / dimension
        ? (int)members * dimension
        : throw new InvalidDataException(
            $"stages[].clusters: one cluster has {members:N0} samples of {dimension:N0} values, and at most {Array.MaxLength / dimension:N0} are compared with one another; give more clusters.");

    private static (UInt128 High, UInt128 Low) Sha256Of(string hex) =>
        (UInt128.Parse(hex.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture), UInt128.Parse(hex.AsSpan(32), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static ulong PhashOf(string hex) => ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private IEnumerable<DedupEntry> ReadPhash(DedupOptions options, IReadOnlyList<DedupPart> earlier, CancellationToken cancellationToken)
    {
        var hashes = new List<ulong>();
        foreach (var entry in pool.Read(earlier, options, hex => (0, PhashOf(hex))))
        {
            hashes.Add((ulong)entry.Group.Low);
        }

        var distinct = HashSort.Distinct([.. hashes]);
        hashes = null;
        var sets = new UnionFind(distinct.Length);
        new HammingPairs(distinct, options.Radius).Visit(sets.Union, cancellationToken);
        return pool.Read(earlier, options, hex => (0, (UInt128)sets.Find(Array.BinarySearch(distinct, PhashOf(hex)))));
    }

    private DecidedDedup ByGroup(
        DedupOptions options, IReadOnlyList<DedupPart> earlier, IEnumerable<DedupEntry> entries, CancellationToken cancellationToken)
    {
        var found = new Counts();
        using var sort = DedupEntry.Sorter(folder);
        foreach (var entry in entries)
        {
            sort.Add(entry);
            found.Add(entry);
        }

        DedupEntry? best = null;
        var alone = true;
        foreach (var entry in sort.Sorted())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (best is null || entry.Group != best.Group)
            {
                (best, alone) = (entry, true);
            }
            else if (!entry.IsEarlier)
            {
                found.Groups += alone ? 1 : 0;
                alone = false;
                Note(options, earlier, entry, best, found);
            }
        }

        return found.Of(options);
    }

    private DecidedDedup ByEmbedding(DedupOptions options, IReadOnlyList<DedupPart> earlier, CancellationToken cancellationToken)
    {
        var found = new Counts();
        var dimension = 0;
        foreach (var (entry, _) in Embeddings(options, earlier))
        {
            if (dimension > 0 && dimension != entry.Embedding.Length)
            {
                throw new InvalidDataException($"stages[].against: embeddings '{options.From}' have {dimension} and {entry.Embedding.Length} dimensions; compare embeddings of one model.");
            }

            dimension = entry.Embedding.Length;
            found.Add(entry);
        }

        if (found.Compared == 0)
        {
            return found.Of(options);
        }

        var source = new PoolEmbeddingSource(() => Embeddings(options, earlier).Select(e => e.Entry.Embedding), dimension);
        var clusters = options.Clusters ?? (int)Math.Clamp((found.Compared + found.Earlier) / 1_000, 1, 1_000_000);
        var nearest = new NearestCentroid(KMeans.Train(source, clusters, options.Iterations, seed, spherical: true, cancellationToken).Centroids);
        using var sort = DedupEntry.Sorter(folder, dimension);
        foreach (var (sample, _, cluster, similarity) in KMeans.Assign(Rows(options, earlier, dimension), nearest, dimension, cancellationToken))
        {
            sort.Add(sample.Entry with { Group = (0, (UInt128)cluster), Rank = sample.HasRank ? sample.Entry.Rank : similarity });
        }

        var members = new List<DedupEntry>();
        foreach (var entry in sort.Sorted())
        {
            if (members.Count > 0 && members[0].Group != entry.Group)
            {
                Judge(options, earlier, members, dimension, found, cancellationToken);
                members.Clear();
            }

            members.Add(entry);
        }

        Judge(options, earlier, members, dimension, found, cancellationToken);
        return found.Of(options);
    }

    private IEnumerable<(DedupEntry Entry, bool HasRank)> Embeddings(DedupOptions options, IReadOnlyList<DedupPart> earlier) =>
        pool.ReadEmbeddings(earlier, options.From!, options.KeepBy, "against");

    private IEnumerable<((DedupEntry Entry, bool HasRank) Sample, ReadOnlyMemory<float> Row)> Rows(DedupOptions options, IReadOnlyList<DedupPart> earlier, int dimension)
    {
        var row = new float[dimension];
        foreach (var sample in Embeddings(options, earlier))
        {
            PoolEmbeddingSource.Widen(sample.Entry.Embedding, row);
            yield return (sample, row);
        }
    }

    private void Judge(
        DedupOptions options, IReadOnlyList<DedupPart> earlier, List<DedupEntry> members, int dimension, Counts found, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var rows = new float[ValuesOf(members.Count, dimension)];
        for (var i = 0; i < members.Count; i++)
        {
            PoolEmbeddingSource.Widen(members[i].Embedding, rows.AsSpan(i * dimension, dimension));
        }

        var of = SemDeDup.Judge(rows, dimension, members.Count(m => m.IsEarlier), options.Epsilon, cancellationToken);
        found.Groups += of.Where(i => i >= 0).Distinct().Count();
        for (var i = 0; i < of.Length; i++)
        {
            if (of[i] >= 0)
            {
                Note(options, earlier, members[i], members[of[i]], found);
            }
        }
    }

    private void Note(DedupOptions options, IReadOnlyList<DedupPart> earlier, DedupEntry duplicate, DedupEntry best, Counts found)
    {
        if (!_shards.TryGetValue(best.Part, out var shard))
        {
            shard = _shards[best.Part] = pool.ShardOf(best.Part, earlier);
        }

        var of = string.Create(CultureInfo.InvariantCulture, $"{shard}#{best.Row}");
        notes.Add(duplicate.Part, new PoolNote(duplicate.Position, SampleStates.Duplicate, best.Key, of, options.MethodName));
        pool.Candidates.Remove(duplicate.Part, duplicate.Position);
        found.Duplicates++;
    }

    private sealed class Counts
    {
        public long Compared { get; private set; }

        public long Earlier { get; private set; }

        public long Groups { get; set; }

        public long Duplicates { get; set; }

        public void Add(DedupEntry entry)
        {
            Compared += entry.IsEarlier ? 0 : 1;
            Earlier += entry.IsEarlier ? 1 : 0;
        }

        public DecidedDedup Of(DedupOptions options) => new(options.MethodName, Compared, Earlier, Groups, Duplicates);
    }
}
