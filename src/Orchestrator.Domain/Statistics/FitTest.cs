namespace Orchestrator.Domain.Statistics;

/// <summary>The outcome of a chi-square test, with what it could have found: "no difference" without power means nothing.</summary>
/// <param name="Statistic">Pearson's statistic.</param>
/// <param name="DegreesOfFreedom">Bins after pooling, minus one; 0 where one bin is left and nothing was tested.</param>
/// <param name="PValue">Chance of a statistic as large where the laws are equal, in [0, 1].</param>
/// <param name="Samples">Draws; for two samples the harmonic size n·m/(n+m).</param>
/// <param name="TotalVariation">½ Σ |observed share - expected share|, before pooling.</param>
/// <param name="NoiseFloor">What <paramref name="TotalVariation"/> is on average where the laws are equal: Σ √(P(1-P)/(2πN)).</param>
/// <param name="DetectableTotalVariation">
/// Every departure of the pooled law at least this far away is found with the power asked for: χ² divergence ≥ 4·TV², so ½√(λ/N).
/// </param>
/// <param name="Noncentrality">λ that the test finds with the power asked for.</param>
public sealed record FitOutcome(
    double Statistic,
    int DegreesOfFreedom,
    double PValue,
    double Samples,
    double TotalVariation,
    double NoiseFloor,
    double DetectableTotalVariation,
    double Noncentrality);

/// <summary>Pearson's chi-square tests on counts, with pooling of rare bins and stated power.</summary>
public static class FitTest
{
    /// <summary>Bins with a smaller expected count are pooled (Cochran's rule).</summary>
    public const double MinExpected = 5;

    /// <summary>Goodness of fit of counts with a known law.</summary>
    /// <param name="counts">Observed counts, one a bin.</param>
    /// <param name="law">Probability of each bin, summing to 1. A count where the law is 0 gives p = 0.</param>
    /// <param name="alpha">Level at which power is stated.</param>
    /// <param name="power">Power at which the detectable distance is stated.</param>
    public static FitOutcome AgainstLaw(ReadOnlySpan<long> counts, ReadOnlySpan<double> law, double alpha = 1e-3, double power = 0.99)
    {
        if (counts.Length != law.Length)
        {
            throw new ArgumentException($"There are {counts.Length} counts and {law.Length} probabilities; give one a bin.", nameof(law));
        }

        var samples = Total(counts);
        var (distance, floor) = (0.0, 0.0);
        var impossible = false;
        var bins = new List<(double Expected, double Observed)>();
        for (var i = 0; i < counts.Length; i++)
        {
            distance += Math.Abs((counts[i] / (double)samples) - law[i]) / 2;
            floor += Math.Sqrt(law[i] * Math.Max(0, 1 - law[i]) / (2 * Math.PI * samples));
            impossible |= law[i] == 0 && counts[i] > 0;
            bins.Add((law[i] * samples, counts[i]));
        }

        var pooled = Pool(bins, b => b.Expected, (a, b) => (a.Expected + b.Expected, a.Observed + b.Observed));
        var statistic = impossible ? double.PositiveInfinity : 0;
        foreach (var (expected, observed) in pooled)
        {
            statistic += expected > 0 ? (observed - expected) * (observed - expected) / expected : 0;
        }

        return Outcome(statistic, impossible ? Math.Max(1, pooled.Count - 1) : pooled.Count - 1, samples, distance, floor, alpha, power);
    }

    /// <summary>Homogeneity of two samples of unknown, perhaps equal, law.</summary>
    /// <param name="first">Counts of the first sample, one a bin.</param>
    /// <param name="second">Counts of the second sample over the same bins.</param>
    /// <param name="alpha">Level at which power is stated.</param>
    /// <param name="power">Power at which the detectable distance is stated.</param>
    public static FitOutcome TwoSamples(ReadOnlySpan<long> first, ReadOnlySpan<long> second, double alpha = 1e-3, double power = 0.99)
    {
        if (first.Length != second.Length)
        {
            throw new ArgumentException($"The samples have {first.Length} and {second.Length} bins; give the same bins.", nameof(second));
        }

        double n = Total(first), m = Total(second);
        var (distance, floor) = (0.0, 0.0);
        var smaller = Math.Min(n, m) / (n + m);
        var bins = new List<(double First, double Second)>();
        for (var i = 0; i < first.Length; i++)
        {
            distance += Math.Abs((first[i] / n) - (second[i] / m)) / 2;
            var share = (first[i] + second[i]) / (n + m);
            floor += Math.Sqrt(share * (1 - share) * ((1 / n) + (1 / m)) / (2 * Math.PI));
            bins.Add((first[i], second[i]));
        }

        var pooled = Pool(bins, b => (b.First + b.Second) * smaller, (a, b) => (a.First + b.First, a.Second + b.Second));
        var statistic = 0.0;
        foreach (var (a, b) in pooled.Where(bin => bin.First + bin.Second > 0))
        {
            var difference = (a * Math.Sqrt(m / n)) - (b * Math.Sqrt(n / m));
            statistic += difference * difference / (a + b);
        }

        return Outcome(statistic, pooled.Count - 1, n * m / (n + m), distance, floor, alpha, power);
    }

    /// <summary>
    /// The probability that <see cref="AgainstLaw"/> rejects <paramref name="law"/> at level <paramref name="alpha"/> when
    /// <paramref name="samples"/> draws come from <paramref name="other"/>: noncentral chi-square over the bins as they will be
    /// pooled, or the chance of at least one draw that the law forbids, whichever is larger.
    /// </summary>
    public static double PowerAgainst(ReadOnlySpan<double> law, ReadOnlySpan<double> other, long samples, double alpha = 1e-3)
    {
        var forbidden = 0.0;
        var bins = new List<(double Expected, double Shift)>();
        for (var i = 0; i < law.Length; i++)
        {
            forbidden += law[i] == 0 ? other[i] : 0;
            bins.Add((law[i] * samples, (other[i] - law[i]) * samples));
        }

        var pooled = Pool(bins, b => b.Expected, (a, b) => (a.Expected + b.Expected, a.Shift + b.Shift));
        var lambda = pooled.Sum(b => b.Expected > 0 ? b.Shift * b.Shift / b.Expected : 0);
        var shifted = pooled.Count > 1 ? ChiSquare.Power(alpha, pooled.Count - 1, lambda) : 0;
        return Math.Max(shifted, 1 - Math.Pow(1 - forbidden, samples));
    }

    /// <summary>The draws, to within 1 %, that <see cref="PowerAgainst"/> needs for a power.</summary>
    /// <exception cref="ArgumentException">The laws are too near to be told apart with 10^12 draws.</exception>
    public static long SamplesFor(ReadOnlySpan<double> law, ReadOnlySpan<double> other, double alpha = 1e-3, double power = 0.99)
    {
        const long Most = 1_000_000_000_000;
        var (low, high) = (1L, 16L);
        while (PowerAgainst(law, other, high, alpha) < power)
        {
            (low, high) = (high, high * 2);
            if (high > Most)
            {
                throw new ArgumentException("The laws are too near each other to be told apart by samples.", nameof(other));
            }
        }

        while (high - low > Math.Max(1, high / 100))
        {
            var middle = (low + high) / 2;
            if (PowerAgainst(law, other, middle, alpha) < power)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return high;
    }

    private static FitOutcome Outcome(double statistic, int df, double samples, double distance, double floor, double alpha, double power)
    {
        if (df < 1)
        {
            return new(0, 0, 1, samples, distance, floor, double.PositiveInfinity, double.PositiveInfinity);
        }

        var lambda = ChiSquare.NoncentralityFor(alpha, df, power);
        return new(statistic, df, ChiSquare.Survival(statistic, df), samples, distance, floor, Math.Sqrt(lambda / samples) / 2, lambda);
    }

    /// <summary>All bins too small become one; where that one is still too small, it joins the smallest large bin.</summary>
    private static List<T> Pool<T>(List<T> bins, Func<T, double> expected, Func<T, T, T> add)
    {
        var large = bins.Where(b => expected(b) >= MinExpected).OrderBy(expected).ToList();
        var small = bins.Where(b => expected(b) < MinExpected).ToList();
        if (small.Count == 0)
        {
            return large;
        }

        var pool = small.Aggregate(add);
        if (expected(pool) >= MinExpected || large.Count == 0)
        {
            large.Add(pool);
        }
        else
        {
            large[0] = add(large[0], pool);
        }

        return large;
    }

    private static long Total(ReadOnlySpan<long> counts)
    {
        var total = 0L;
        foreach (var count in counts)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(counts));
            total += count;
        }

        return total > 0 ? total : throw new ArgumentException("There is no draw to test.", nameof(counts));
    }
}
