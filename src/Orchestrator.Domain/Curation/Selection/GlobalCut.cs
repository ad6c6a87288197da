namespace Orchestrator.Domain.Curation.Selection;

/// <summary>Finds the exact boundary of a rule over a pool that does not fit in memory, by a few sequential readings.</summary>
/// <remarks>
/// Order: score falling, then key by UTF-8 bytes, then (part, row): a total order, so the answer does not depend on how the pool
/// is divided or in which order parts are read. Reading 1 counts scores by their upper 16 bits, reading 2 by their lower 16
/// inside the boundary bin; that gives the exact threshold. Only if it cuts through equal scores are keys read: two key bytes a
/// reading until at most <c>maxCandidates</c> remain, then those are sorted. Example: scores 3, 2, 2, 1 with keys a, c, b, d and
/// topCount 2 give threshold 2 with last tie b.
/// Memory: 512 KiB for the counts, and the remaining candidates. Cost: O(N) a reading, 1 to 3 readings unless ties exceed maxCandidates.
/// </remarks>
public static class GlobalCut
{
    /// <summary>Default for the most tied samples sorted in memory.</summary>
    public const int DefaultMaxCandidates = 1_000_000;

    /// <summary>Finds the cut.</summary>
    /// <param name="source">The pool; read one or more times.</param>
    /// <param name="rule">What to keep. A fraction outside [0, 1], a negative count and a NaN minimum are bugs of the caller and throw.</param>
    /// <param name="maxCandidates">Most tied samples held in memory, at least 1.</param>
    /// <param name="cancellationToken">Observed between chunks.</param>
    public static SelectionCut Find(
        IScoreSource source,
        CutRule rule,
        int maxCandidates = DefaultMaxCandidates,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCandidates, 1);
        if (rule is CutRule.AtLeast minimum)
        {
            return AtLeast(source, minimum.Minimum, cancellationToken);
        }

        var coarse = Count(source, null, cancellationToken);
        var total = coarse.Total;
        var (rank, wholeTie) = rule switch
        {
            CutRule.TopFraction f => (FloorOf(f.Fraction, total), false),
            CutRule.TopCount c => (NotNegative(c.Count), false),
            CutRule.DatacompFraction f => ((long)(total * Fraction(f.Fraction)) + 1, true),
            _ => throw new ArgumentException($"There is no such rule: {rule}.", nameof(rule)),
        };

        if (rank == 0 || total == 0)
        {
            return new SelectionCut(CutKind.None, 0, null, total, 0);
        }

        if (rank >= total)
        {
            return new SelectionCut(CutKind.All, 0, null, total, total);
        }

        var (bin, aboveBin, _) = coarse.Locate(rank);
        var fine = Count(source, bin, cancellationToken);
        var (low, aboveInBin, ties) = fine.Locate(rank - aboveBin);
        var threshold = ScoreHistogram.ScoreOf(((uint)bin << 16) | (uint)low);
        var above = aboveBin + aboveInBin;
        var take = rank - above;
        if (wholeTie || take == ties)
        {
            return new SelectionCut(CutKind.At, threshold, null, total, above + ties);
        }

        var last = TieBreak.Find(source, threshold, take, ties, maxCandidates, cancellationToken);
        return new SelectionCut(CutKind.At, threshold, last, total, rank);
    }

    private static SelectionCut AtLeast(IScoreSource source, double minimum, CancellationToken cancellationToken)
    {
        if (double.IsNaN(minimum))
        {
            throw new ArgumentOutOfRangeException(nameof(minimum), "The minimum is NaN.");
        }

        var threshold = (float)minimum + 0f;
        long eligible = 0, selected = 0;
        foreach (var chunk in source.Open())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var score in chunk.Scores.Span)
            {
                var finite = float.IsFinite(score);
                eligible += finite ? 1 : 0;
                selected += finite && score >= threshold ? 1 : 0;
            }
        }

        return !float.IsFinite(threshold)
            ? new SelectionCut(threshold > 0 ? CutKind.None : CutKind.All, 0, null, eligible, selected)
            : new SelectionCut(CutKind.At, threshold, null, eligible, selected);
    }

    private static ScoreHistogram Count(IScoreSource source, int? bin, CancellationToken cancellationToken)
    {
        var histogram = new ScoreHistogram(bin);
        foreach (var chunk in source.Open())
        {
            cancellationToken.ThrowIfCancellationRequested();
            histogram.Add(chunk.Scores.Span);
        }

        return histogram;
    }

    // A user's 0.29 is the decimal 0.29; as a double times 100 it would be 28.999..., and one sample short.
    private static long FloorOf(double fraction, long total) => (long)decimal.Floor((decimal)Fraction(fraction) * total);

    private static double Fraction(double fraction) =>
        fraction is >= 0 and <= 1 ? fraction : throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A fraction lies between 0 and 1.");

    private static long NotNegative(long count) =>
        count >= 0 ? count : throw new ArgumentOutOfRangeException(nameof(count), count, "A count is 0 or more.");
}
