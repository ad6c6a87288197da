using Orchestrator.Data.WebDataset;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Streams a shard: the calling thread reads the tar and runs the models, the pool's threads decode ahead of it within a
/// bounded window. Samples leave in the order in which they stand in the shard, in bounded memory.
/// </summary>
public static class ScorePipeline
{
    /// <summary>Scores every sample of the shard.</summary>
    /// <param name="reader">The shard.</param>
    /// <param name="preparer">CPU side.</param>
    /// <param name="plan">Stages and models.</param>
    /// <param name="pool">Threads of the CPU side.</param>
    /// <param name="finished">Receives each sample, in order.</param>
    /// <param name="cancellationToken">Checked between samples.</param>
    public static void Run(
        TarShardReader reader,
        SamplePreparer preparer,
        ScoringPlan plan,
        CpuPool pool,
        Action<PreparedSample> finished,
        CancellationToken cancellationToken)
    {
        var largest = plan.Models.Count == 0 ? 1 : plan.Models.Max(m => m.BatchSize);

        // A batch in the models, a batch being decoded, and enough beyond to keep every thread busy meanwhile.
        var window = (2 * largest) + (4 * pool.Threads);
        var scorers = plan.Models.Select((m, place) => m.Start(place)).ToArray();
        var ahead = new Queue<Task<PreparedSample>>(window);
        var waiting = new Queue<PreparedSample>();
        try
        {
            var more = true;
            while (more || ahead.Count > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                while (more && ahead.Count < window)
                {
                    more = reader.TryRead(out var sample);
                    if (more)
                    {
                        var taken = sample!;
                        ahead.Enqueue(pool.Run(() => preparer.Prepare(taken)));
                    }
                }

                if (ahead.TryDequeue(out var next))
                {
                    // The slot owns this thread: blocking it costs nobody else anything.
                    Score(next.GetAwaiter().GetResult(), scorers, waiting, finished);
                }
            }

            foreach (var scorer in scorers)
            {
                scorer.Flush();
            }

            Drain(waiting, finished);
        }
        finally
        {
            // Nothing may still read the shard's buffers when the caller disposes of the reader.
            Task.WaitAll([.. ahead.Select(t => t.ContinueWith(_ => { }, TaskScheduler.Default))], CancellationToken.None);
        }
    }

    private static void Score(PreparedSample sample, BatchScorer[] scorers, Queue<PreparedSample> waiting, Action<PreparedSample> finished)
    {
        waiting.Enqueue(sample);
        if (sample.IsCandidate)
        {
            foreach (var scorer in scorers)
            {
                scorer.Add(sample);
            }
        }

        Drain(waiting, finished);
    }

    private static void Drain(Queue<PreparedSample> waiting, Action<PreparedSample> finished)
    {
        while (waiting.TryPeek(out var head) && head.StagesLeft == 0)
        {
            finished(waiting.Dequeue());
        }
    }
}
