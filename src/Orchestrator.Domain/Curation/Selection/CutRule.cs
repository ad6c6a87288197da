namespace Orchestrator.Domain.Curation.Selection;

/// <summary>How much of a pool one score keeps. N is the number of samples whose score is finite; the others are never kept.</summary>
/// <remarks>To leave samples out of N (rejected or quarantined earlier), give them NaN.</remarks>
public abstract record CutRule
{
    private CutRule()
    {
    }

    /// <summary>Keeps the best floor(f·N) samples, exactly; ties at the boundary go by key, then by place.</summary>
    /// <param name="Fraction">f in [0, 1]. The product is formed in decimal, so 0.29 of 100 is 29 and not 28.</param>
    public sealed record TopFraction(double Fraction) : CutRule;

    /// <summary>DataComp's own rule (baselines/apply_filter.py): the threshold is the score at index int(N·f) of the falling order, and everything at or above it is kept.</summary>
    /// <remarks>
    /// Keeps at least int(N·f)+1 samples and all ties. For int(N·f) = N, where the original reads past the end, everything finite is kept.
    /// </remarks>
    /// <param name="Fraction">f in [0, 1]; the product is formed in double precision, as in the original.</param>
    public sealed record DatacompFraction(double Fraction) : CutRule;

    /// <summary>Keeps the best min(n, N) samples, with ties as in <see cref="TopFraction"/>.</summary>
    /// <param name="Count">n, 0 or more.</param>
    public sealed record TopCount(long Count) : CutRule;

    /// <summary>Keeps every sample with a score of at least the minimum, rounded to single precision as the scores are.</summary>
    /// <param name="Minimum">Lowest score kept; not NaN.</param>
    public sealed record AtLeast(double Minimum) : CutRule;
}
