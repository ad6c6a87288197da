namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>The best tokens of a row.</summary>
internal static class TopTokens
{
    /// <summary>The largest <paramref name="count"/> logits, best first, ties to the lower id; fewer where others are forbidden.</summary>
    public static int[] Of(ReadOnlySpan<float> logits, int count)
    {
        // A short sorted list beats a heap: count is 1 to 20.
        var best = new List<int>(count + 1);
        for (var token = 0; token < logits.Length; token++)
        {
            if (float.IsNegativeInfinity(logits[token]) || (best.Count == count && logits[token] <= logits[best[^1]]))
            {
                continue;
            }

            var place = best.Count;
            while (place > 0 && logits[token] > logits[best[place - 1]])
            {
                place--;
            }

            best.Insert(place, token);
            if (best.Count > count)
            {
                best.RemoveAt(count);
            }
        }

        return [.. best];
    }

    /// <summary>The largest value of the softmax at temperature 1.</summary>
    public static double LargestProbability(ReadOnlySpan<float> logits) =>
        Math.Exp(logits[Of(logits, 1)[0]] - LogSumExp(logits));

    /// <summary>The natural logarithm of Σ exp(logits).</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var largest = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - largest);
        }

        return largest + Math.Log(sum);
    }
}
