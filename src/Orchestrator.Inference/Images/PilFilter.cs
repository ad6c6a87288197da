namespace Orchestrator.Inference.Images;

/// <summary>Resampling kernels, numbered as PIL and <c>preprocessor_config.json</c> number them.</summary>
public enum PilFilter
{
    /// <summary>Nearest neighbour.</summary>
    Nearest = 0,

    /// <summary>Windowed sinc, support 3.</summary>
    Lanczos = 1,

    /// <summary>Triangle, support 1.</summary>
    Bilinear = 2,

    /// <summary>Cubic convolution with a = -0.5, support 2.</summary>
    Bicubic = 3,

    /// <summary>Box, support 0.5.</summary>
    Box = 4,

    /// <summary>Hamming-windowed sinc, support 1.</summary>
    Hamming = 5,
}

/// <summary>Kernel formulas in the evaluation order of Pillow's Resample.c: the order decides the last bit.</summary>
internal static class PilKernels
{
    /// <summary>Half width of the kernel in source pixels at scale 1.</summary>
    public static double Support(PilFilter filter) => filter switch
    {
        PilFilter.Box => 0.5,
        PilFilter.Bilinear or PilFilter.Hamming => 1.0,
        PilFilter.Bicubic => 2.0,
        PilFilter.Lanczos => 3.0,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "has no kernel"),
    };

    /// <summary>Kernel value at distance <paramref name="x"/>.</summary>
    public static double Weight(PilFilter filter, double x) => filter switch
    {
        PilFilter.Box => x is > -0.5 and <= 0.5 ? 1.0 : 0.0,
        PilFilter.Bilinear => Math.Max(0.0, 1.0 - Math.Abs(x)),
        PilFilter.Hamming => Hamming(Math.Abs(x)),
        PilFilter.Bicubic => Bicubic(Math.Abs(x)),
        PilFilter.Lanczos => x is >= -3.0 and < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "has no kernel"),
    };

    private static double Bicubic(double x)
    {
        const double a = -0.5;
        if (x < 1.0)
        {
            return ((((a + 2.0) * x) - (a + 3.0)) * x * x) + 1;
        }

        return x < 2.0 ? ((((x - 5) * x) + 8) * x - 4) * a : 0.0;
    }

    private static double Sinc(double x)
    {
        if (x == 0.0)
        {
            return 1.0;
        }

        x *= Math.PI;
        return Math.Sin(x) / x;
    }

    private static double Hamming(double x)
    {
        if (x == 0.0)
        {
            return 1.0;
        }

        if (x >= 1.0)
        {
            return 0.0;
        }

        x *= Math.PI;
        return Math.Sin(x) / x * (0.54f + (0.46f * Math.Cos(x)));
    }
}
