namespace Orchestrator.Domain.Statistics;

/// <summary>One prompt measured in both arms, on the same machine in the same process. All values finite and above 0.</summary>
/// <param name="BaselineSeconds">Decode time of the baseline.</param>
/// <param name="BaselineTokens">Tokens it took.</param>
/// <param name="MethodSeconds">Decode time of the method.</param>
/// <param name="MethodTokens">Tokens it took.</param>
public readonly record struct Pair(double BaselineSeconds, double BaselineTokens, double MethodSeconds, double MethodTokens)
{
    /// <summary>How many times more tokens a second the method gave.</summary>
    public double Speedup => MethodTokens / MethodSeconds * BaselineSeconds / BaselineTokens;
}

/// <summary>An estimate and its interval.</summary>
/// <param name="Estimate">Value on the data themselves.</param>
/// <param name="Low">Lower end of the interval.</param>
/// <param name="High">Upper end of the interval.</param>
public readonly record struct Interval(double Estimate, double Low, double High);

/// <summary>Percentile bootstrap over pairs (Efron and Tibshirani 1993): whole prompts are drawn again, so that what an easy prompt does to both arms stays together.</summary>
public static class PairedBootstrap
{
    /// <summary>Tokens a second over all prompts, method over baseline.</summary>
    public static double PooledRatio(ReadOnlySpan<Pair> pairs)
    {
        var sum = default(Pair);
        foreach (var pair in pairs)
        {
            sum = new(
                sum.BaselineSeconds + pair.BaselineSeconds,
                sum.BaselineTokens + pair.BaselineTokens,
                sum.MethodSeconds + pair.MethodSeconds,
                sum.MethodTokens + pair.MethodTokens);
        }

        return sum.Speedup;
    }

    /// <summary>The geometric mean of the prompts' speedups: every prompt counts the same, and swapping the arms inverts it.</summary>
    public static double GeometricMean(ReadOnlySpan<Pair> pairs)
    {
        var sum = 0.0;
        foreach (var pair in pairs)
        {
            sum += Math.Log(pair.Speedup);
        }

        return Math.Exp(sum / pairs.Length);
    }

    /// <summary>A statistic of pairs.</summary>
    public delegate double Statistic(ReadOnlySpan<Pair> pairs);

    /// <summary>The statistic with its percentile interval.</summary>
    /// <param name="pairs">At least one pair, in an order that does not depend on who measured.</param>
    /// <param name="statistic">For example <see cref="PooledRatio"/>.</param>
    /// <param name="chance">Source of the draws.</param>
    /// <param name="resamples">Draws of the whole set, at least 100.</param>
    /// <param name="confidence">Coverage aimed at, in (0, 1).</param>
    /// <exception cref="ArgumentException">There is no pair, or a value is not finite and above 0.</exception>
    public static Interval Estimate(
        IReadOnlyList<Pair> pairs, Statistic statistic, SeededStream chance, int resamples = 2000, double confidence = 0.95)
    {
        if (pairs.Count == 0 || !pairs.All(IsUsable))
        {
            throw new ArgumentException("A paired bootstrap needs at least one pair, all values finite and above 0.", nameof(pairs));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(confidence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(confidence, 1);
        Pair[] data = [.. pairs];
        var drawn = new Pair[data.Length];
        var values = new double[resamples];
        for (var r = 0; r < resamples; r++)
        {
            for (var i = 0; i < drawn.Length; i++)
            {
                drawn[i] = data[chance.NextInt32(data.Length)];
            }

            values[r] = statistic(drawn);
        }

        Array.Sort(values);
        var tail = (1 - confidence) / 2;
        return new(statistic(data), Quantile(values, tail), Quantile(values, 1 - tail));
    }

    /// <summary>Linear interpolation between order statistics, as numpy's default.</summary>
    internal static double Quantile(ReadOnlySpan<double> sorted, double fraction)
    {
        var place = fraction * (sorted.Length - 1);
        var low = (int)Math.Floor(place);
        var high = Math.Min(low + 1, sorted.Length - 1);
        return sorted[low] + ((place - low) * (sorted[high] - sorted[low]));
    }

    private static bool IsUsable(Pair pair) =>
        new[] { pair.BaselineSeconds, pair.BaselineTokens, pair.MethodSeconds, pair.MethodTokens }.All(v => double.IsFinite(v) && v > 0);
}
