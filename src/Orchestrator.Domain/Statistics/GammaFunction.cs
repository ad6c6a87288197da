namespace Orchestrator.Domain.Statistics;

/// <summary>The logarithm of the gamma function and the regularised incomplete gamma functions, in double precision.</summary>
internal static class GammaFunction
{
    private const double Tiny = 1e-300;
    private const int MaxTerms = 1_000_000;

    /// <summary>ln Γ(x) for x &gt; 0: Stirling's series at x ≥ 15, reached by the recurrence Γ(x+1) = xΓ(x); relative error below 1e-14.</summary>
    public static double Log(double x)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(x);
        // The product stays below 15!, far from overflow.
        var product = 1.0;
        while (x < 15)
        {
            product *= x;
            x++;
        }

        var y = 1 / (x * x);
        var series = ((((((((y * -3617.0 / 122400) + (1.0 / 156)) * y) - (691.0 / 360360)) * y) + (1.0 / 1188)) * y) - (1.0 / 1680)) * y;
        series = ((((series + (1.0 / 1260)) * y) - (1.0 / 360)) * y) + (1.0 / 12);
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + (series / x) - Math.Log(product);
    }

    /// <summary>P(a, x), the lower function, for a &gt; 0 and x ≥ 0; in [0, 1].</summary>
    public static double Lower(double a, double x) => Both(a, x).Lower;

    /// <summary>Q(a, x) = 1 - P(a, x), the upper function, exact in its own tail.</summary>
    public static double Upper(double a, double x) => Both(a, x).Upper;

    private static (double Lower, double Upper) Both(double a, double x)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(a);
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        if (x == 0)
        {
            return (0, 1);
        }

        if (double.IsPositiveInfinity(x))
        {
            return (1, 0);
        }

        var front = Math.Exp((a * Math.Log(x)) - x - Log(a));
        // The series converges fast below the bulk of the law, the continued fraction above it.
        if (x < a + 1)
        {
            var lower = Math.Min(1, front * Series(a, x));
            return (lower, 1 - lower);
        }

        var upper = Math.Min(1, front * Fraction(a, x));
        return (1 - upper, upper);
    }

    private static double Series(double a, double x)
    {
        var term = 1 / a;
        var sum = term;
        for (var n = 1; n < MaxTerms && term > sum * 1e-17; n++)
        {
            term *= x / (a + n);
            sum += term;
        }

        return sum;
    }

    /// <summary>Lentz's method.</summary>
    private static double Fraction(double a, double x)
    {
        var b = x + 1 - a;
        var c = 1 / Tiny;
        var d = 1 / b;
        var h = d;
        for (var i = 1; i < MaxTerms; i++)
        {
            var an = -i * (i - a);
            b += 2;
            d = (an * d) + b;
            d = 1 / (Math.Abs(d) < Tiny ? Tiny : d);
            c = b + (an / c);
            c = Math.Abs(c) < Tiny ? Tiny : c;
            var step = d * c;
            h *= step;
            if (Math.Abs(step - 1) < 1e-16)
            {
                break;
            }
        }

        return h;
    }
}
