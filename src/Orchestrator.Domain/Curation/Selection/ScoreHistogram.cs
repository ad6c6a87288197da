namespace Orchestrator.Domain.Curation.Selection;

/// <summary>Counts of scores by 16 bits of their order-preserving image. Histograms of parts add up to the histogram of the pool.</summary>
/// <remarks>
/// The image of a finite float is the unsigned integer that sorts like it: sign bit set for positives, all bits flipped for
/// negatives; -0 counts as +0. The coarse histogram bins by the upper 16 bits (65,536 bins, 512 KiB); a fine one takes one
/// coarse bin and bins it by the lower 16, so two passes find any rank exactly. Other values are not counted.
/// Not thread-safe; give each reader its own and merge.
/// </remarks>
public sealed class ScoreHistogram
{
    private const int Bins = 1 << 16;

    private readonly long[] _counts = new long[Bins];

    /// <summary>Makes an empty histogram.</summary>
    /// <param name="coarseBin">Null for a coarse histogram; otherwise the coarse bin that this one divides.</param>
    public ScoreHistogram(int? coarseBin = null)
    {
        if (coarseBin is { } bin)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(bin);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bin, Bins);
        }

        CoarseBin = coarseBin;
    }

    /// <summary>The coarse bin divided, or null.</summary>
    public int? CoarseBin { get; }

    /// <summary>Scores counted.</summary>
    public long Total { get; private set; }

    /// <summary>Counts scores; NaN, infinities and, in a fine histogram, scores of other bins are passed over.</summary>
    public void Add(ReadOnlySpan<float> scores)
    {
        var counts = _counts;
        var total = 0L;
        if (CoarseBin is { } bin)
        {
            foreach (var score in scores)
            {
                var image = ImageOf(score);
                if (image >> 16 == (uint)bin && float.IsFinite(score))
                {
                    counts[image & 0xffff]++;
                    total++;
                }
            }
        }
        else
        {
            foreach (var score in scores)
            {
                if (float.IsFinite(score))
                {
                    counts[ImageOf(score) >> 16]++;
                    total++;
                }
            }
        }

        Total += total;
    }

    /// <summary>Adds the counts of another part; both must divide the same bin.</summary>
    public void Merge(ScoreHistogram other)
    {
        if (other.CoarseBin != CoarseBin)
        {
            throw new ArgumentException("Only histograms of the same bin add up.", nameof(other));
        }

        for (var i = 0; i < Bins; i++)
        {
            _counts[i] += other._counts[i];
        }

        Total += other.Total;
    }

    /// <summary>The bin that holds the rank-th best score (from 1), how many scores lie above that bin, and how many in it.</summary>
    internal (int Bin, long Above, long Inside) Locate(long rank)
    {
        var above = 0L;
        for (var bin = Bins - 1; bin >= 0; bin--)
        {
            if (above + _counts[bin] >= rank)
            {
                return (bin, above, _counts[bin]);
            }

            above += _counts[bin];
        }

        throw new ArgumentOutOfRangeException(nameof(rank), rank, $"The histogram holds {Total} scores.");
    }

    internal static uint ImageOf(float score)
    {
        // Adding zero turns -0 into +0 and changes nothing else.
        var bits = BitConverter.SingleToUInt32Bits(score + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }

    internal static float ScoreOf(uint image) =>
        BitConverter.UInt32BitsToSingle((image & 0x8000_0000) != 0 ? image & 0x7fff_ffff : ~image);
}
