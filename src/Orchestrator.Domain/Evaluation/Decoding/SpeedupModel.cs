namespace Orchestrator.Domain.Evaluation.Decoding;

/// <summary>
/// Predicted gains. Leviathan et al. 2023 assume that every position is accepted with the same probability α, independently;
/// real acceptance falls with the position, so these predict and are shown beside what was measured.
/// </summary>
public static class SpeedupModel
{
    /// <summary>Expected tokens a round: (1 - α^(γ+1)) / (1 - α) (equation 1); γ + 1 for α = 1.</summary>
    public static double ExpectedTokens(double alpha, int gamma) =>
        alpha == 1 ? gamma + 1 : (1 - Math.Pow(alpha, gamma + 1)) / (1 - alpha);

    /// <summary>Expected speedup: (1 - α^(γ+1)) / ((1 - α)(γc + 1)) (theorem 3.8).</summary>
    /// <param name="alpha">Acceptance probability in [0, 1].</param>
    /// <param name="gamma">Tokens drafted a round.</param>
    /// <param name="cost">c: time of a draft step over that of a target step.</param>
    public static double Speedup(double alpha, int gamma, double cost) => ExpectedTokens(alpha, gamma) / ((gamma * cost) + 1);

    /// <summary>Expected growth of arithmetic: (1 - α)(γĉ + γ + 1) / (1 - α^(γ+1)) (theorem 3.11).</summary>
    /// <param name="alpha">Acceptance probability in [0, 1].</param>
    /// <param name="gamma">Tokens drafted a round.</param>
    /// <param name="operations">ĉ: arithmetic of a draft token over that of a target token.</param>
    public static double Operations(double alpha, int gamma, double operations) =>
        ((gamma * operations) + gamma + 1) / ExpectedTokens(alpha, gamma);

    /// <summary>The γ in 0..max with the largest expected speedup, the smallest of equals; 0 is no speculation.</summary>
    public static int BestGamma(double alpha, double cost, int max) =>
        Enumerable.Range(0, max + 1).OrderByDescending(gamma => Speedup(alpha, gamma, cost)).ThenBy(gamma => gamma).First();

    /// <summary>Expected tokens a round of a chain from measured conditional acceptance: 1 + Σ α₁…α_i.</summary>
    /// <param name="conditional">At i - 1: acceptance of position i where all before were accepted.</param>
    /// <param name="gamma">Tokens drafted, at most as many as there are positions.</param>
    public static double ExpectedTokens(IReadOnlyList<double> conditional, int gamma)
    {
        var (expected, reach) = (1.0, 1.0);
        for (var i = 0; i < gamma; i++)
        {
            reach *= conditional[i];
            expected += reach;
        }

        return expected;
    }

    /// <summary>Expected speedup of a chain on a device: E[tokens] · t(1) / (γ·draft + t(γ + 1)).</summary>
    /// <param name="conditional">Measured acceptance by position.</param>
    /// <param name="gamma">Tokens drafted.</param>
    /// <param name="verifyTime">At n - 1: measured time of a target forward over n rows, up to γ + 1.</param>
    /// <param name="draftTime">Measured time of a draft step, in the same unit.</param>
    public static double Speedup(IReadOnlyList<double> conditional, int gamma, IReadOnlyList<double> verifyTime, double draftTime) =>
        ExpectedTokens(conditional, gamma) * verifyTime[0] / ((gamma * draftTime) + verifyTime[gamma]);

    /// <summary>The γ with the largest expected speedup on a device among those that the measurements cover.</summary>
    public static int BestGamma(IReadOnlyList<double> conditional, IReadOnlyList<double> verifyTime, double draftTime) =>
        Enumerable.Range(0, Math.Min(conditional.Count, verifyTime.Count - 1) + 1)
            .OrderByDescending(gamma => Speedup(conditional, gamma, verifyTime, draftTime)).ThenBy(gamma => gamma).First();
}
