namespace Orchestrator.Worker.Curation;

/// <summary>
/// Scores the candidates of one shard in batches. A batch is the next <c>batchSize</c> candidates in the shard's order, so its
/// composition is a function of the shard alone, never of timing. Not for concurrent use.
/// </summary>
/// <param name="batchSize">Samples a batch, at least 1.</param>
public abstract class BatchScorer(int batchSize)
{
    /// <summary>Reason of samples for which a model gave NaN or infinity.</summary>
    public const string NotFinite = "score-not-finite";

    private readonly List<PreparedSample> _batch = new(batchSize);

    /// <summary>Adds a candidate and scores the batch once it is full.</summary>
    public void Add(PreparedSample sample)
    {
        _batch.Add(sample);
        if (_batch.Count == batchSize)
        {
            Flush();
        }
    }

    /// <summary>Scores what is left.</summary>
    public void Flush()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        Score(_batch);
        foreach (var sample in _batch)
        {
            if (--sample.StagesLeft == 0)
            {
                (sample.Tensors, sample.Tokens) = (null, null);
            }
        }

        _batch.Clear();
    }

    /// <summary>Scores a batch: writes signals, tags and embeddings of each sample, or its trouble.</summary>
    protected abstract void Score(IReadOnlyList<PreparedSample> batch);

    /// <summary>Copies a tensor of each sample into one array, which grows where it must.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="tensor">Index of the preprocessing contract.</param>
    /// <param name="pixels">[count, 3, H, W]; its end may be left over from a larger batch.</param>
    protected static void Gather(IReadOnlyList<PreparedSample> batch, int tensor, ref float[] pixels)
    {
        var length = batch[0].Tensors![tensor].Length;
        Grow(ref pixels, batch.Count * length);
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Tensors![tensor].CopyTo(pixels.AsSpan(i * length));
        }
    }

    /// <summary>Makes room for <paramref name="length"/> values.</summary>
    protected static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = GC.AllocateUninitializedArray<T>(length);
        }
    }
}
