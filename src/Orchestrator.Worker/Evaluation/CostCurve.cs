using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference.Language;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Measures t(n), the target's forward over n rows: sizes in turns, so that a disturbance falls on all of them, and the median of each.</summary>
internal static class CostCurve
{
    private const int Context = 64;
    private const int Repeats = 7;
    private const int WarmUps = 2;

    /// <summary>
    /// Rows of earlier forwards that a measured one may pass over: rolling back only hides rows, and each costs as much as one of
    /// the context, whether until the cache is tidied or, on a device, for ever.
    /// </summary>
    internal const int BorneDead = Context / 8;

    /// <summary>Measures on this process's device; the caller is alone on it.</summary>
    public static VerifyCurve Measure(DecoderGraph graph, TimeProvider time, CancellationToken cancellationToken) =>
        Measure(() => new CausalSequence(graph), time, cancellationToken);

    /// <summary>Measures on sequences of one model, each read into afresh outside the measured time.</summary>
    internal static VerifyCurve Measure(Func<ICausalSequence> open, TimeProvider time, CancellationToken cancellationToken)
    {
        var times = new List<double>[VerifyCurve.MostRows];
        var sequence = Begin();
        try
        {
            var dead = 0;
            for (var repeat = -WarmUps; repeat < Repeats; repeat++)
            {
                for (var rows = 1; rows <= VerifyCurve.MostRows; rows++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (dead > BorneDead)
                    {
                        sequence.Dispose();
                        (sequence, dead) = (Begin(), 0);
                    }

                    var tree = new TokenTree(0);
                    for (var node = 0; node < rows - 1; node++)
                    {
                        tree.Add(node, (node + 1) % sequence.VocabularySize);
                    }

                    var started = time.GetTimestamp();
                    sequence.Forward(tree);
                    var elapsed = time.GetElapsedTime(started);
                    sequence.Keep([]);
                    sequence.Rewind(Context);
                    dead += rows;
                    if (repeat >= 0)
                    {
                        (times[rows - 1] ??= []).Add(elapsed.TotalMicroseconds);
                    }
                }
            }
        }
        finally
        {
            sequence.Dispose();
        }

        return new([.. times.Select(Median)], Context, Repeats);

        ICausalSequence Begin()
        {
            var begun = open();
            begun.Prefill([.. Enumerable.Range(0, Context).Select(i => i % begun.VocabularySize)]);
            return begun;
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
