namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>The target's processed law after a prefix, with what rounding leaves open of it.</summary>
/// <param name="Law">Probabilities, one a token.</param>
/// <param name="AtCut">
/// Tokens so near the edge of top-k or top-p that another order of summation may keep or leave them out; null where the edge of
/// top-p itself is in doubt, which changes every probability.
/// </param>
public sealed record TargetLaw(double[] Law, IReadOnlySet<int>? AtCut)
{
    /// <summary>No token is in doubt.</summary>
    public static IReadOnlySet<int> Sure { get; } = new HashSet<int>();
}
