namespace Orchestrator.Inference.Captioning;

/// <summary>Changes to a row of scores before a token is chosen, in the order and with the meaning of transformers' logits processors.</summary>
internal static class TokenScores
{
    /// <summary>RepetitionPenaltyLogitsProcessor: each token that occurs in <paramref name="before"/> is made less likely once.</summary>
    public static void PenaliseRepetition(Span<float> scores, IReadOnlyList<int> before, double penalty)
    {
        if (penalty == 1)
        {
            return;
        }

        foreach (var id in before.Distinct())
        {
            scores[id] = (float)(scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty);
        }
    }

    /// <summary>MinLengthLogitsProcessor: the end token is impossible while the sequence is shorter than <paramref name="least"/>.</summary>
    public static void ForbidEnd(Span<float> scores, int length, int least, int end)
    {
        if (length < least)
        {
            scores[end] = float.NegativeInfinity;
        }
    }

    /// <summary>Log softmax in place, in double.</summary>
    /// <exception cref="InvalidOperationException">A score is not a number, or none is above minus infinity.</exception>
    public static void LogSoftmax(Span<float> scores)
    {
        var largest = (double)float.NegativeInfinity;
        foreach (var score in scores)
        {
            largest = Math.Max(largest, score);
        }

        var sum = 0.0;
        foreach (var score in scores)
        {
            sum += Math.Exp(score - largest);
        }

        var shift = largest + Math.Log(sum);
        if (!double.IsFinite(shift))
        {
            throw NotNumbers();
        }

        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = (float)(scores[i] - shift);
        }
    }

    /// <summary>
    /// Tokens left by top-k and then top-p, most probable first (ties: smaller id), with their probabilities, which sum to 1.
    /// TopKLogitsWarper keeps the k best and what ties with the last of them; TopPLogitsWarper keeps tokens up to and including the
    /// one that reaches p.
    /// </summary>
    /// <exception cref="InvalidOperationException">No score is a number.</exception>
    public static (int[] Ids, double[] Probabilities) Nucleus(ReadOnlySpan<float> scores, int topK, double topP)
    {
        var ids = new List<int>(scores.Length);
        for (var id = 0; id < scores.Length; id++)
        {
            if (scores[id] > float.NegativeInfinity)
            {
                ids.Add(id);
            }
        }

        if (ids.Count == 0)
        {
            throw NotNumbers();
        }

        var values = scores.ToArray();
        ids.Sort((a, b) => values[b].CompareTo(values[a]) is var order and not 0 ? order : a.CompareTo(b));
        if (topK > 0 && topK < ids.Count)
        {
            var last = values[ids[topK - 1]];
            ids.RemoveAll(id => values[id] < last);
        }

        var probabilities = Softmax(ids, values);
        var kept = 1;
        for (var sum = probabilities[0]; kept < ids.Count && sum <= topP; kept++)
        {
            sum += probabilities[kept];
        }

        var best = ids[..kept];
        return ([.. best], kept == ids.Count ? probabilities : Softmax(best, values));
    }

    /// <summary>The token at a place in [0, 1) of the cumulated probabilities.</summary>
    public static int Draw((int[] Ids, double[] Probabilities) tokens, double place)
    {
        var sum = 0.0;
        for (var i = 0; i < tokens.Ids.Length - 1; i++)
        {
            sum += tokens.Probabilities[i];
            if (place < sum)
            {
                return tokens.Ids[i];
            }
        }

        return tokens.Ids[^1];
    }

    private static InvalidOperationException NotNumbers() => new("no token has a score: the decoder's logits are not numbers");

    private static double[] Softmax(List<int> ids, float[] scores)
    {
        var weights = new double[ids.Count];
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp((double)scores[ids[i]] - scores[ids[0]]);
            sum += weights[i];
        }

        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= sum;
        }

        return weights;
    }
}
