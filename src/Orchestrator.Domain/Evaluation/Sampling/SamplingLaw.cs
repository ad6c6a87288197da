using System.Buffers;
using System.Numerics.Tensors;

namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>
/// The one place where logits become probabilities: repetition penalty, temperature, top-k, top-p, in this order (that of
/// Hugging Face's warpers and of vLLM). Target p and draft q both pass through here, so that the ratio p/q is that of the
/// laws that tokens are really drawn from.
/// </summary>
public static class SamplingLaw
{
    private const int MaxBins = 2048;

    /// <summary>Writes the processed law.</summary>
    /// <param name="logits">One a token; minus infinity forbids a token, NaN and plus infinity are errors.</param>
    /// <param name="options">The processing.</param>
    /// <param name="history">Tokens so far, prompt and path included; read only where there is a repetition penalty.</param>
    /// <param name="law">Receives probabilities in double precision, one a token.</param>
    /// <remarks>Ties go to the lowest token id: at temperature 0 and at the edges of top-k and top-p.</remarks>
    /// <exception cref="ArgumentException">The lengths differ, a logit is NaN or plus infinity, or every token is forbidden.</exception>
    public static void Fill(ReadOnlySpan<float> logits, SamplingOptions options, ReadOnlySpan<int> history, Span<double> law)
    {
        if (logits.Length != law.Length)
        {
            throw new ArgumentException($"There are {logits.Length} logits and room for {law.Length} probabilities.", nameof(law));
        }

        TensorPrimitives.ConvertChecked(logits, law);
        Penalise(law, options.RepetitionPenalty, history);
        var best = ArgMax(law);
        if (options.IsGreedy)
        {
            law.Clear();
            law[best] = 1;
            return;
        }

        var top = law[best];
        for (var i = 0; i < law.Length; i++)
        {
            law[i] = (law[i] - top) / options.Temperature;
        }

        if ((options.TopK > 0 && options.TopK < law.Length) || options.TopP < 1)
        {
            Cut(law, options);
        }

        // Plain loops in index order: vectorised exp and sums differ between machines in the last bits.
        var total = 0.0;
        for (var i = 0; i < law.Length; i++)
        {
            law[i] = double.IsNegativeInfinity(law[i]) ? 0 : Math.Exp(law[i]);
            total += law[i];
        }

        for (var i = 0; i < law.Length; i++)
        {
            law[i] /= total;
        }
    }

    /// <summary>
    /// Tokens that top-k and top-p keep or leave out by less than logits are known to; null where the share that top-p asks for
    /// is met by so little that the number of tokens it keeps is not known.
    /// </summary>
    /// <param name="logits">One a token.</param>
    /// <param name="options">The processing; at a temperature above 0.</param>
    /// <param name="history">Tokens so far.</param>
    /// <param name="tolerance">How far the difference of two logits may be off.</param>
    public static IReadOnlySet<int>? AtCut(ReadOnlySpan<float> logits, SamplingOptions options, ReadOnlySpan<int> history, double tolerance)
    {
        var scores = new double[logits.Length];
        TensorPrimitives.ConvertChecked(logits, scores);
        Penalise(scores, options.RepetitionPenalty, history);
        var ranked = Enumerable.Range(0, scores.Length).ToArray();
        Array.Sort(ranked, (a, b) => scores[a] == scores[b] ? a.CompareTo(b) : scores[b].CompareTo(scores[a]));
        var kept = options.TopK > 0 ? Math.Min(options.TopK, scores.Length) : scores.Length;
        if (options.TopP < 1)
        {
            var weights = ranked[..kept].Select(token => Math.Exp((scores[token] - scores[ranked[0]]) / options.Temperature)).ToArray();
            var (total, share) = (weights.Sum(), 0.0);

            // Moving a group's logits by t against the others' moves its share s by s(1 - s)t at most.
            var slack = options.TopP * (1 - options.TopP) * tolerance / options.Temperature;
            for (var rank = 0; rank < weights.Length && share < options.TopP; rank++)
            {
                share += weights[rank] / total;
                if (Math.Abs(share - options.TopP) <= slack)
                {
                    return null;
                }

                kept = share < options.TopP ? kept : rank + 1;
            }
        }

        var near = new HashSet<int>();
        if (kept < scores.Length)
        {
            var (last, next) = (scores[ranked[kept - 1]], scores[ranked[kept]]);
            for (var rank = kept - 1; rank >= 0 && scores[ranked[rank]] - next < tolerance; rank--)
            {
                near.Add(ranked[rank]);
            }

            for (var rank = kept; rank < ranked.Length && last - scores[ranked[rank]] < tolerance; rank++)
            {
                near.Add(ranked[rank]);
            }
        }

        return near;
    }

    /// <summary>The best minus the second-best logit, repetition penalty applied.</summary>
    internal static double Margin(ReadOnlySpan<float> logits, SamplingOptions options, ReadOnlySpan<int> history)
    {
        var rented = ArrayPool<double>.Shared.Rent(logits.Length);
        var penalised = rented.AsSpan(0, logits.Length);
        TensorPrimitives.ConvertChecked(logits, penalised);
        Penalise(penalised, options.RepetitionPenalty, history);
        var (best, second) = (double.NegativeInfinity, double.NegativeInfinity);
        foreach (var logit in penalised)
        {
            second = Math.Max(second, Math.Min(best, logit));
            best = Math.Max(best, logit);
        }

        ArrayPool<double>.Shared.Return(rented);
        return best - second;
    }

    /// <summary>The index of the largest value, the lowest where several are equal.</summary>
    /// <exception cref="ArgumentException">A value is NaN or plus infinity, or all are minus infinity.</exception>
    internal static int ArgMax(ReadOnlySpan<double> values)
    {
        var best = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]) || double.IsPositiveInfinity(values[i]))
            {
                throw new ArgumentException($"The logit of token {i} is {values[i]}; it must be finite or minus infinity.", nameof(values));
            }

            if (values[i] > values[best])
            {
                best = i;
            }
        }

        return double.IsFinite(values[best])
            ? best
            : throw new ArgumentException("Every token is forbidden: all logits are minus infinity.", nameof(values));
    }

    private static void Penalise(Span<double> logits, double penalty, ReadOnlySpan<int> history)
    {
        if (penalty == 1)
        {
            return;
        }

        var seen = ArrayPool<bool>.Shared.Rent(logits.Length);
        Array.Clear(seen, 0, logits.Length);
        foreach (var token in history)
        {
            // A prompt may hold ids beyond a draft's smaller vocabulary; they have no logit to change.
            if ((uint)token < (uint)logits.Length && !seen[token])
            {
                seen[token] = true;
                logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
            }
        }

        ArrayPool<bool>.Shared.Return(seen);
    }

    /// <summary>Forbids what top-k and top-p leave out of scores whose largest is 0.</summary>
    private static void Cut(Span<double> scores, SamplingOptions options)
    {
        var rented = ArrayPool<int>.Shared.Rent(scores.Length);
        if (options.TopK > 0 && options.TopK < scores.Length && Best(scores, options.TopK, rented) == options.TopK)
        {
            var last = rented[0];
            var (least, id) = (scores[last], last);
            for (var token = 0; token < scores.Length; token++)
            {
                if (scores[token] < least || (scores[token] == least && token > id))
                {
                    scores[token] = double.NegativeInfinity;
                }
            }
        }

        if (options.TopP < 1)
        {
            KeepNucleus(scores, options.TopP, rented);
        }

        ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>Forbids all but the smallest set of best tokens with a share <paramref name="topP"/> of the mass.</summary>
    private static void KeepNucleus(Span<double> scores, double topP, int[] room)
    {
        // Mass by bins of the score: only the bin in which the share is reached has to be put in order.
        Span<double> bins = stackalloc double[Math.Clamp(scores.Length / 16, 8, MaxBins)];
        bins.Clear();
        foreach (var score in scores)
        {
            if (score > double.NegativeInfinity)
            {
                bins[BinOf(score, bins.Length)] += Math.Exp(score);
            }
        }

        var total = 0.0;
        foreach (var bin in bins)
        {
            total += bin;
        }

        var (edge, mass, needed) = (0, 0.0, topP * total);
        while (edge < bins.Length - 1 && mass + bins[edge] < needed)
        {
            mass += bins[edge++];
        }

        var size = 0;
        for (var token = 0; token < scores.Length; token++)
        {
            if (scores[token] > double.NegativeInfinity && BinOf(scores[token], bins.Length) >= edge)
            {
                if (BinOf(scores[token], bins.Length) == edge)
                {
                    room[size++] = token;
                }
                else
                {
                    scores[token] = double.NegativeInfinity;
                }
            }
        }

        var heap = room.AsSpan(0, size);
        Heapify(heap, scores, worstFirst: false);
        while (heap.Length > 0 && mass < needed)
        {
            mass += Math.Exp(scores[heap[0]]);
            heap[0] = heap[^1];
            heap = heap[..^1];
            Sink(heap, scores, 0, worstFirst: false);
        }

        foreach (var token in heap)
        {
            scores[token] = double.NegativeInfinity;
        }
    }

    /// <summary>0 for the best scores; everything 32 below them and more is in the last bin.</summary>
    private static int BinOf(double score, int bins) => (int)Math.Min(bins - 1, -score * (bins / 32.0));

    /// <summary>The k best tokens, the worst of them first; fewer, in no order, where fewer are allowed.</summary>
    private static int Best(ReadOnlySpan<double> scores, int k, int[] best)
    {
        // A heap with the worst of the best on top: few of many tokens ever get past it.
        var size = 0;
        for (var token = 0; token < scores.Length; token++)
        {
            if (double.IsNegativeInfinity(scores[token]))
            {
                continue;
            }

            if (size < k)
            {
                best[size++] = token;
                if (size == k)
                {
                    Heapify(best.AsSpan(0, size), scores, worstFirst: true);
                }
            }
            else if (Before(scores, token, best[0]))
            {
                best[0] = token;
                Sink(best.AsSpan(0, size), scores, 0, worstFirst: true);
            }
        }

        return size;
    }

    private static void Heapify(Span<int> heap, ReadOnlySpan<double> scores, bool worstFirst)
    {
        for (var i = (heap.Length / 2) - 1; i >= 0; i--)
        {
            Sink(heap, scores, i, worstFirst);
        }
    }

    private static void Sink(Span<int> heap, ReadOnlySpan<double> scores, int at, bool worstFirst)
    {
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= heap.Length)
            {
                return;
            }

            if (child + 1 < heap.Length && Before(scores, heap[child + 1], heap[child]) != worstFirst)
            {
                child++;
            }

            if (Before(scores, heap[at], heap[child]) != worstFirst)
            {
                return;
            }

            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }

    /// <summary>The larger score first, equal ones by id.</summary>
    private static bool Before(ReadOnlySpan<double> scores, int a, int b) => scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}
