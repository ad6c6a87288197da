namespace Orchestrator.Domain.Curation.Selection;

/// <summary>What a cut separates.</summary>
public enum CutKind
{
    /// <summary>Nothing is kept.</summary>
    None,

    /// <summary>Every finite score is kept.</summary>
    All,

    /// <summary>Scores above the threshold are kept, and of those at it the ones up to the last tie.</summary>
    At,
}

/// <summary>The last sample kept among those whose score equals the threshold.</summary>
/// <param name="Key">Sample key; ties go in the order of UTF-8 bytes.</param>
/// <param name="Part">Part it is in; equal keys go by part, then row.</param>
/// <param name="Row">Row in its part.</param>
public sealed record LastTie(string Key, int Part, long Row) : IComparable<LastTie>
{
    /// <summary>Order of the tie rule: key, part, row.</summary>
    public int CompareTo(LastTie? other) => other is null ? 1 : Compare(Key, Part, Row, other.Key, other.Part, other.Row);

    internal static int Compare(string key, int part, long row, string otherKey, int otherPart, long otherRow)
    {
        var byKey = KeyOrder.Instance.Compare(key, otherKey);
        var byPart = byKey != 0 ? byKey : part.CompareTo(otherPart);
        return byPart != 0 ? byPart : row.CompareTo(otherRow);
    }
}

/// <summary>An exact boundary in a pool of scored samples: a few numbers that any worker can apply to any part of the pool.</summary>
/// <param name="Kind">Whether there is a boundary at all.</param>
/// <param name="Threshold">Score at the boundary; 0 unless <paramref name="Kind"/> is <see cref="CutKind.At"/>. Never NaN, never infinite, never -0.</param>
/// <param name="Last">Last tie kept; null when every score equal to the threshold is kept.</param>
/// <param name="Eligible">N: samples with a finite score.</param>
/// <param name="Selected">Samples the cut keeps.</param>
public sealed record SelectionCut(CutKind Kind, float Threshold, LastTie? Last, long Eligible, long Selected)
{
    /// <summary>True when the score alone does not decide and the key is needed.</summary>
    public bool NeedsKey(float score) => Kind == CutKind.At && Last is not null && score == Threshold;

    /// <summary>Whether a sample is kept. NaN and infinite scores never are.</summary>
    public bool Includes(float score, string key, int part, long row) =>
        float.IsFinite(score) && Kind switch
        {
            CutKind.None => false,
            CutKind.All => true,
            _ => score > Threshold
                || (score == Threshold && (Last is null || LastTie.Compare(key, part, row, Last.Key, Last.Part, Last.Row) <= 0)),
        };
}
