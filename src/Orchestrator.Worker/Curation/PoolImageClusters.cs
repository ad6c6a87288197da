using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation.Dedup;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Worker.Curation.Dedup;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Runs <c>image-cluster-filter</c> over scored parts: makes or reads the centroids, marks those nearest to a reference image, and takes out
/// the candidates that are nearest to another one. Memory: the centroids, three times while they are made, and batches of rows.
/// </summary>
/// <param name="pool">The job's parts.</param>
/// <param name="notes">Receives what is taken out.</param>
/// <param name="storage">Where arrays and earlier jobs are.</param>
/// <param name="pins">Keeps local copies of what lies in a bucket.</param>
/// <param name="seed">Seed of the job.</param>
internal sealed class PoolImageClusters(DedupPool pool, PoolNotes notes, JobStorage storage, SpoolPins pins, long seed)
{
    private const int CandidatesPerCluster = 128;

    private static readonly IReadOnlyList<DedupPart> None = [];

    /// <summary>Runs the stage.</summary>
    public DecidedImageClusters Run(ImageClusterFilterOptions options, CancellationToken cancellationToken)
    {
        var (compared, dimension) = (0L, 0);
        foreach (var embedding in Embeddings(pool, None, options))
        {
            (compared, dimension) = (compared + 1, embedding.Length);
        }

        if (compared == 0)
        {
            return new DecidedImageClusters(options.From, 0, 0, 0, 0, 0);
        }

        var centroids = Centroids(options, compared, dimension, cancellationToken);
        var nearest = new NearestCentroid(centroids);
        var (wanted, reference) = (new bool[centroids.Count], 0L);
        foreach (var (_, _, cluster, _) in KMeans.Assign(Reference(options, dimension).Select(row => (0, row)), nearest, dimension, cancellationToken))
        {
            wanted[cluster] = true;
            reference++;
        }

        var rejected = 0L;
        foreach (var (entry, _, cluster, _) in KMeans.Assign(Candidates(options, dimension), nearest, dimension, cancellationToken))
        {
            if (!wanted[cluster])
            {
                notes.Add(entry.Part, new PoolNote(entry.Position, SampleStates.Rejected, ImageClusterFilterOptions.Unmatched, null, null));
                pool.Candidates.Remove(entry.Part, entry.Position);
                rejected++;
            }
        }

        return new DecidedImageClusters(options.From, centroids.Count, wanted.Count(w => w), reference, compared, rejected);
    }

    private static IEnumerable<Half[]> Embeddings(DedupPool pool, IReadOnlyList<DedupPart> earlier, ImageClusterFilterOptions options) =>
        pool.ReadEmbeddings(earlier, options.From, null, "reference").Select(e => e.Entry.Embedding);

    private IEnumerable<(DedupEntry Entry, ReadOnlyMemory<float> Row)> Candidates(ImageClusterFilterOptions options, int dimension)
    {
        var row = new float[dimension];
        foreach (var (entry, _) in pool.ReadEmbeddings(None, options.From, null, "reference"))
        {
            PoolEmbeddingSource.Widen(entry.Embedding, row);

            // The row is used up by the assignment; the entry waits for it without its embedding.
            yield return (entry with { Embedding = [] }, row);
        }
    }

    private IReadOnlyList<float[]> Centroids(ImageClusterFilterOptions options, long compared, int dimension, CancellationToken cancellationToken)
    {
        if (options.Centroids is { } path)
        {
            return [.. ReadArray(path, "centroids", dimension, options).Select(row => row.ToArray())];
        }

        var clusters = options.Clusters ?? (int)Math.Clamp(compared / CandidatesPerCluster, 1, 1_000_000);
        var source = new PoolEmbeddingSource(() => Embeddings(pool, None, options), dimension);
        return KMeans.Train(source, clusters, options.Iterations, seed, options.Spherical, cancellationToken).Centroids;
    }

    private IEnumerable<ReadOnlyMemory<float>> Reference(ImageClusterFilterOptions options, int dimension)
    {
        if (options.ReferenceIsArray)
        {
            return ReadArray(options.Reference, "reference", dimension, options);
        }

        var parts = EarlierPools.Open([options.Reference], storage, pins, "reference");
        var folder = new DedupPool([], CandidateMap.Read([]));
        var read = new PoolEmbeddingSource(() => Embeddings(folder, parts, options).Select(row => row.Length == dimension ? row : throw Other("reference", row.Length, dimension, options)), dimension);
        return read.Open();
    }

    private IEnumerable<ReadOnlyMemory<float>> ReadArray(string path, string name, int dimension, ImageClusterFilterOptions options)
    {
        var field = $"stages[].{name}";
        var resolved = storage.Resolve(path, field);
        var opened = resolved.Ok ? NpyMatrix.Open(storage.Fetch(resolved.Value, pins), field) : resolved.Fault!;
        using var reader = opened.Ok ? opened.Value : throw new InvalidDataException(opened.Fault!.ToString());
        if (reader.Rows == 0)
        {
            throw new InvalidDataException($"{field}: {path} has no rows; give at least one.");
        }

        if (reader.Dimension != dimension)
        {
            throw Other(name, reader.Dimension, dimension, options);
        }

        var row = new float[dimension];
        for (var i = 0L; i < reader.Rows; i++)
        {
            reader.Read(row);
            yield return Array.TrueForAll(row, float.IsFinite)
                ? row
                : throw new InvalidDataException($"{field}: {path}: row {i} holds a value that is not finite; leave such rows out.");
        }
    }

    private static InvalidDataException Other(string name, int found, int dimension, ImageClusterFilterOptions options) =>
        new($"stages[].{name}: rows have {found} values and the embeddings of '{options.From}' {dimension}; give embeddings of the same model.");
}
