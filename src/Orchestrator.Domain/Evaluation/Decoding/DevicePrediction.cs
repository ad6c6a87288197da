using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>What the cost curve of a device and the acceptance measured make of a method: the best γ or tree, and what the settings that ran should have given.</summary>
/// <param name="DraftMicroseconds">Measured time of drafting one level.</param>
/// <param name="Alpha">Accepted of evaluated: Leviathan's α, as if the same at every position.</param>
/// <param name="LeviathanTokens">Tokens a round by equation 1 at the γ that ran; NaN for trees.</param>
/// <param name="LeviathanGamma">Best γ by theorem 3.8 with c = draft / t(1), 0 being no speculation; -1 for trees.</param>
/// <param name="BestGamma">Best γ from acceptance by position and the curve; -1 for trees.</param>
/// <param name="BestGammaSpeedup">Expected speedup there; NaN for trees.</param>
/// <param name="ExpectedSpeedup">Expected speedup of the γ that ran; NaN for trees. The measured one stands beside it.</param>
/// <param name="BestTree">Sequoia's best tree from acceptance by rank and the curve; null where nothing was accepted.</param>
/// <param name="BestTreeSpeedup">Expected speedup with that tree.</param>
public sealed record DevicePrediction(
    double DraftMicroseconds,
    double Alpha,
    double LeviathanTokens,
    int LeviathanGamma,
    int BestGamma,
    double BestGammaSpeedup,
    double ExpectedSpeedup,
    TreeShape? BestTree,
    double BestTreeSpeedup)
{
    /// <summary>Largest γ looked at, and deepest tree.</summary>
    public const int MostDepth = 12;

    /// <summary>Children of a node looked at.</summary>
    private const int MostRanks = 8;

    /// <summary>Predicts.</summary>
    /// <param name="curve">The device's curve, at least two rows.</param>
    /// <param name="draftMicroseconds">Measured time of drafting one level, from 0.</param>
    /// <param name="chainGamma">γ that ran; 0 for trees.</param>
    /// <param name="alpha">Accepted of evaluated, in [0, 1].</param>
    /// <param name="conditional">Acceptance by position, each given those before; the last one is taken for deeper positions.</param>
    /// <param name="byRank">Acceptance by rank of sibling.</param>
    public static DevicePrediction Of(
        VerifyCurve curve, double draftMicroseconds, int chainGamma, double alpha, IReadOnlyList<double> conditional, IReadOnlyList<double> byRank)
    {
        var t = curve.Microseconds;
        var cost = draftMicroseconds / t[0];
        var (best, bestSpeedup, expected) = (-1, double.NaN, double.NaN);
        if (chainGamma > 0)
        {
            var depth = Math.Min(Math.Max(MostDepth, chainGamma), t.Count - 1);
            double[] longer = [.. Enumerable.Range(0, depth).Select(i => conditional.Count == 0 ? 0 : Known(conditional[Math.Min(i, conditional.Count - 1)]))];
            best = SpeedupModel.BestGamma(longer, t, draftMicroseconds);
            bestSpeedup = SpeedupModel.Speedup(longer, best, t, draftMicroseconds);
            expected = SpeedupModel.Speedup(longer, Math.Min(chainGamma, depth), t, draftMicroseconds);
        }

        // Ranks are not all offered at the same nodes, so their shares may sum to a little more than 1.
        double[] ranks = [.. byRank.Take(MostRanks).Select(Known)];
        var sum = Math.Max(1, ranks.Sum());
        ranks = [.. ranks.Select(share => share / sum)];
        var tree = ranks.Sum() > 0 ? SequoiaTree.Cheapest(ranks, t, draftMicroseconds, MostDepth) : null;
        return new(
            draftMicroseconds,
            alpha,
            chainGamma > 0 ? SpeedupModel.ExpectedTokens(alpha, chainGamma) : double.NaN,
            chainGamma > 0 ? SpeedupModel.BestGamma(Known(alpha), cost, MostDepth) : -1,
            best,
            bestSpeedup,
            expected,
            tree?.Shape,
            tree is null ? double.NaN : t[0] / tree.TimePerToken);
    }

    private static double Known(double share) => double.IsFinite(share) ? Math.Clamp(share, 0, 1) : 0;
}
