namespace Orchestrator.Domain.Statistics;

/// <summary>The chi-square law, central and noncentral, and the power of tests that use it.</summary>
public static class ChiSquare
{
    /// <summary>P(X ≥ x), X chi-square with <paramref name="df"/> &gt; 0 degrees of freedom: the p-value of a statistic.</summary>
    public static double Survival(double x, double df) => GammaFunction.Upper(df / 2, Math.Max(0, x) / 2);

    /// <summary>P(X ≤ x).</summary>
    public static double Cdf(double x, double df) => GammaFunction.Lower(df / 2, Math.Max(0, x) / 2);

    /// <summary>The critical value: x with P(X ≥ x) = <paramref name="tail"/>, 0 &lt; tail &lt; 1; relative error 1e-12.</summary>
    public static double Critical(double tail, double df)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tail);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tail, 1);
        return Bisect(x => Survival(x, df) > tail);
    }

    /// <summary>P(X ≥ x) where X is noncentral: the sum of chi-squares with df + 2j degrees weighted by Poisson(λ/2) at j.</summary>
    /// <param name="x">Statistic.</param>
    /// <param name="df">Degrees of freedom, above 0.</param>
    /// <param name="noncentrality">λ ≥ 0: N times the chi-square divergence of the true law from the tested one.</param>
    public static double NoncentralSurvival(double x, double df, double noncentrality)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(noncentrality);
        if (noncentrality == 0)
        {
            return Survival(x, df);
        }

        // Summed outwards from the Poisson's mode, where the weights neither under- nor overflow.
        var mean = noncentrality / 2;
        var mode = Math.Floor(mean);
        var atMode = Math.Exp((mode * Math.Log(mean)) - mean - GammaFunction.Log(mode + 1));
        var sum = 0.0;
        var weight = atMode;
        for (var j = mode; weight > 1e-18; j++)
        {
            sum += weight * Survival(x, df + (2 * j));
            weight *= mean / (j + 1);
        }

        weight = atMode * mode / mean;
        for (var j = mode - 1; j >= 0 && weight > 1e-18; j--)
        {
            sum += weight * Survival(x, df + (2 * j));
            weight *= j / mean;
        }

        return Math.Min(1, sum);
    }

    /// <summary>The probability that a test at level <paramref name="alpha"/> rejects where the noncentrality is λ.</summary>
    public static double Power(double alpha, double df, double noncentrality) =>
        NoncentralSurvival(Critical(alpha, df), df, noncentrality);

    /// <summary>The smallest λ that a test at level <paramref name="alpha"/> finds with probability <paramref name="power"/> (above alpha).</summary>
    public static double NoncentralityFor(double alpha, double df, double power)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(power, alpha);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(power, 1);
        var critical = Critical(alpha, df);
        return Bisect(lambda => NoncentralSurvival(critical, df, lambda) < power);
    }

    /// <summary>The point where <paramref name="below"/> turns false, on [0, ∞).</summary>
    private static double Bisect(Func<double, bool> below)
    {
        var (low, high) = (0.0, 1.0);
        while (below(high))
        {
            (low, high) = (high, high * 2);
        }

        while (high - low > 1e-13 * high)
        {
            var middle = (low + high) / 2;
            if (below(middle))
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return (low + high) / 2;
    }
}
