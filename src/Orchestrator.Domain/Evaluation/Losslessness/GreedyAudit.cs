namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>How a greedy output relates to the baseline's.</summary>
public enum GreedyKind
{
    /// <summary>The same ids, the same length.</summary>
    Identical,

    /// <summary>They part where the target's two best logits are closer than rounding can tell.</summary>
    NearTie,

    /// <summary>They part where the target was sure: an error.</summary>
    Broken,
}

/// <summary>The audit of one request.</summary>
/// <param name="Kind">Class.</param>
/// <param name="Divergence">Index of the first output token that differs; -1 where none does.</param>
/// <param name="Margin">The target's best minus second-best logit there; NaN where none differs.</param>
public sealed record GreedyOutcome(GreedyKind Kind, int Divergence, double Margin);

/// <summary>Compares greedy outputs by token ids and length, never by text.</summary>
public static class GreedyAudit
{
    /// <summary>Compares one request.</summary>
    /// <param name="baseline">Output of the autoregressive baseline.</param>
    /// <param name="method">Output of the method under the same limits.</param>
    /// <param name="margins">Best minus second-best logit of the target at each baseline token, as the baseline computed it.</param>
    /// <param name="tolerance">Margin below which two orders of summation may choose differently; depends on the number format.</param>
    public static GreedyOutcome Compare(
        IReadOnlyList<int> baseline, IReadOnlyList<int> method, IReadOnlyList<double> margins, double tolerance)
    {
        if (margins.Count != baseline.Count)
        {
            throw new ArgumentException($"There are {baseline.Count} baseline tokens and {margins.Count} margins; give one a token.", nameof(margins));
        }

        var shared = 0;
        while (shared < baseline.Count && shared < method.Count && baseline[shared] == method[shared])
        {
            shared++;
        }

        if (shared == baseline.Count && shared == method.Count)
        {
            return new(GreedyKind.Identical, -1, double.NaN);
        }

        // Equal ids up to the shorter end: greedy decoding ends by its own tokens, so a near-tie cannot explain the length.
        if (shared == baseline.Count || shared == method.Count)
        {
            return new(GreedyKind.Broken, shared, shared < margins.Count ? margins[shared] : double.NaN);
        }

        return new(margins[shared] < tolerance ? GreedyKind.NearTie : GreedyKind.Broken, shared, margins[shared]);
    }
}
