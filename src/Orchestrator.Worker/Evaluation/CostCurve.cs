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

    /// <summary>Measures on this process's device; the caller is alone on it.</summary>
    public static VerifyCurve Measure(DecoderGraph graph, TimeProvider time, CancellationToken cancellationToken)
    {
        using var sequence = new CausalSequence(graph);
        sequence.Prefill([.. Enumerable.Range(0, Context).Select(i => i % graph.VocabularySize)]);
        var times = new List<double>[VerifyCurve.MostRows];
        for (var repeat = -WarmUps; repeat < Repeats; repeat++)
        {
            for (var rows = 1; rows <= VerifyCurve.MostRows; rows++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var tree = new TokenTree(0);
                for (var node = 0; node < rows - 1; node++)
                {
                    tree.Add(node, (node + 1) % graph.VocabularySize);
                }

                var started = time.GetTimestamp();
                sequence.Forward(tree);
                var elapsed = time.GetElapsedTime(started);
                sequence.Keep([]);
                sequence.Rewind(Context);
                if (repeat >= 0)
                {
                    (times[rows - 1] ??= []).Add(elapsed.TotalMicroseconds);
                }
            }
        }

        return new([.. times.Select(Median)], Context, Repeats);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
