namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>t(n): the time of a target forward over n rows on one device, n = 1, 2, …</summary>
/// <param name="Microseconds">At n - 1: the median of the repeats. Not smoothed, so it may fall a little from one n to the next.</param>
/// <param name="Context">Committed rows that the forwards attended to.</param>
/// <param name="Repeats">Forwards measured of each n.</param>
public sealed record VerifyCurve(IReadOnlyList<double> Microseconds, int Context, int Repeats)
{
    /// <summary>Rows of the largest forward measured.</summary>
    public const int MostRows = 64;
}
