namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// The law of the next token that a verifier really gives at one node of a fixed text, in closed form from logged rows of p
/// and q: no sampling noise, any vocabulary. Arrays are over the vocabulary and sum to 1.
/// </summary>
public static class TeacherForced
{
    /// <summary>
    /// Rejection sampling with one or more independently drawn siblings. With one: o(x) = d(x)·min(1, p/q) + (1 - Σ d·min(1, p/q)) ·
    /// norm(max(0, p - q)). Equals p exactly where <paramref name="drawn"/> equals <paramref name="reported"/>.
    /// </summary>
    /// <param name="target">p, processed.</param>
    /// <param name="drawn">The law that really drew the tokens.</param>
    /// <param name="reported">The law that the verifier was told.</param>
    /// <param name="siblings">Children tried one after another (SpecInfer), 1 for a chain.</param>
    public static double[] RejectionLaw(ReadOnlySpan<double> target, ReadOnlySpan<double> drawn, ReadOnlySpan<double> reported, int siblings = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(siblings, 1);
        CheckLengths(target, drawn);
        CheckLengths(target, reported);
        var law = new double[target.Length];
        var p = target.ToArray();
        var reach = 1.0;
        for (var s = 0; s < siblings; s++)
        {
            var accepted = 0.0;
            for (var x = 0; x < p.Length; x++)
            {
                var share = drawn[x] > 0 ? drawn[x] * Math.Min(1, p[x] / reported[x]) : 0;
                law[x] += reach * share;
                accepted += share;
            }

            reach *= Math.Max(0, 1 - accepted);
            Subtract(p, reported);
        }

        for (var x = 0; x < p.Length; x++)
        {
            law[x] += reach * p[x];
        }

        return law;
    }

    /// <summary>
    /// Deterministic candidates as point masses: one after another is accepted with its share of what is left, else p without
    /// them is sampled. Equals p for every list of candidates.
    /// </summary>
    /// <param name="target">p, processed.</param>
    /// <param name="candidates">Tokens in the order in which they are tried; repeats are never accepted twice.</param>
    public static double[] PointMassLaw(ReadOnlySpan<double> target, ReadOnlySpan<int> candidates)
    {
        var law = new double[target.Length];
        var rest = target.ToArray();
        var (reach, left) = (1.0, 1.0);
        foreach (var token in candidates)
        {
            var accepted = left > 0 ? rest[token] / left : 0;
            law[token] += reach * accepted;
            reach *= 1 - accepted;
            left -= rest[token];
            rest[token] = 0;
        }

        for (var x = 0; x < law.Length && left > 0; x++)
        {
            law[x] += reach * rest[x] / left;
        }

        return law;
    }

    /// <summary>
    /// Typical acceptance of deterministic candidates, one token ahead: where any candidate's p exceeds the threshold the most
    /// probable of them is emitted for certain, else p is sampled. Its distance from p is the measured loss.
    /// </summary>
    public static double[] TypicalLaw(ReadOnlySpan<double> target, ReadOnlySpan<int> candidates, double epsilon, double delta)
    {
        var threshold = Verification.TypicalVerifier.Threshold(target, epsilon, delta);
        var best = -1;
        foreach (var token in candidates)
        {
            if (target[token] > threshold && (best < 0 || target[token] > target[best]))
            {
                best = token;
            }
        }

        if (best < 0)
        {
            return target.ToArray();
        }

        var law = new double[target.Length];
        law[best] = 1;
        return law;
    }

    /// <summary>½ Σ |a - b|.</summary>
    public static double TotalVariation(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        CheckLengths(a, b);
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += Math.Abs(a[i] - b[i]);
        }

        return sum / 2;
    }

    /// <summary>Σ o·ln(o/p) in nats: what is lost when <paramref name="given"/> is emitted in place of <paramref name="target"/>; infinite where the target forbids what is given.</summary>
    public static double Divergence(ReadOnlySpan<double> given, ReadOnlySpan<double> target)
    {
        CheckLengths(given, target);
        var sum = 0.0;
        for (var i = 0; i < given.Length; i++)
        {
            sum += given[i] > 0 ? given[i] * Math.Log(given[i] / target[i]) : 0;
        }

        return Math.Max(0, sum);
    }

    /// <summary>Σ min(p, q): the acceptance probability of a correct chain at this position (Leviathan et al. 2023, corollary 3.6), free of sampling noise.</summary>
    public static double Overlap(ReadOnlySpan<double> target, ReadOnlySpan<double> draft)
    {
        CheckLengths(target, draft);
        var sum = 0.0;
        for (var i = 0; i < target.Length; i++)
        {
            sum += Math.Min(target[i], draft[i]);
        }

        return sum;
    }

    private static void Subtract(double[] p, ReadOnlySpan<double> q)
    {
        var original = (double[])p.Clone();
        var left = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            p[i] = Math.Max(0, p[i] - q[i]);
            left += p[i];
        }

        for (var i = 0; i < p.Length; i++)
        {
            p[i] = left > 0 ? p[i] / left : original[i];
        }
    }

    private static void CheckLengths(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        if (a.Length != b.Length)
        {
            throw new ArgumentException($"The laws have {a.Length} and {b.Length} tokens; give both over one vocabulary.", nameof(b));
        }
    }
}
