namespace Orchestrator.Worker.Curation.Report;

/// <summary>
/// How one score is spread over the pool: counts in equal bins between its lowest and highest value. Samples without a finite
/// score are not in it.
/// </summary>
internal sealed class ScoreDistribution(string signal)
{
    /// <summary>Number of bins.</summary>
    public const int Bins = 240;

    /// <summary>The score's name.</summary>
    public string Signal => signal;

    /// <summary>Lowest score.</summary>
    public float Lowest { get; private set; } = float.PositiveInfinity;

    /// <summary>Highest score.</summary>
    public float Highest { get; private set; } = float.NegativeInfinity;

    /// <summary>Samples with a finite score.</summary>
    public long Scored { get; private set; }

    /// <summary>Mean of all scores.</summary>
    public double Mean => Scored == 0 ? double.NaN : _sum / Scored;

    /// <summary>Kept samples by bin.</summary>
    public long[] Kept { get; } = new long[Bins];

    /// <summary>Samples that <c>select</c> rejected, by bin.</summary>
    public long[] Rejected { get; } = new long[Bins];

    /// <summary>Samples that something else spoke against (duplicates, balancing), by bin.</summary>
    public long[] Other { get; } = new long[Bins];

    private double _sum;

    /// <summary>Left edge of the first bin.</summary>
    public double Left => Lowest == Highest ? Lowest - 0.5 : Lowest;

    /// <summary>Right edge of the last bin.</summary>
    public double Right => Lowest == Highest ? Highest + 0.5 : Highest;

    /// <summary>First reading: extends the range.</summary>
    public void Extend(ReadOnlySpan<float> scores)
    {
        foreach (var score in scores)
        {
            if (float.IsFinite(score))
            {
                Lowest = Math.Min(Lowest, score);
                Highest = Math.Max(Highest, score);
                _sum += score;
                Scored++;
            }
        }
    }

    /// <summary>Second reading: counts a sample.</summary>
    /// <param name="score">Its score.</param>
    /// <param name="state">Its final state.</param>
    /// <param name="candidate">Whether <c>select</c> judged it.</param>
    public void Count(float score, string? state, bool candidate)
    {
        if (float.IsFinite(score))
        {
            var bin = Math.Clamp((int)((score - Left) / (Right - Left) * Bins), 0, Bins - 1);
            (state == SampleStates.Kept ? Kept : candidate ? Rejected : Other)[bin]++;
        }
    }

    /// <summary>Candidates whose score is at least the left edge of each bin, and 0 behind the last: what a lowest score would keep.</summary>
    public long[] AtLeast()
    {
        var counts = new long[Bins + 1];
        for (var bin = Bins - 1; bin >= 0; bin--)
        {
            counts[bin] = counts[bin + 1] + Kept[bin] + Rejected[bin];
        }

        return counts;
    }
}
