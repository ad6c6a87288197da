using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>Everything that is known of a cell.</summary>
/// <param name="Cell">Method and sampling.</param>
/// <param name="Tally">Acceptance lane.</param>
/// <param name="Verdict">Losslessness.</param>
/// <param name="Near">Greedy audit's near-ties and breaks: request, first differing token, margin; at most 20.</param>
/// <param name="Speed">Against the baseline; null where it was not measured.</param>
/// <param name="BaselineSpeed">Baseline arm of the speed lane; null as above.</param>
/// <param name="MethodSpeed">Method arm; null as above.</param>
/// <param name="Device">What speed was measured on; null as above.</param>
public sealed record CellResult(
    EvaluationCell Cell,
    CellTally Tally,
    LosslessnessVerdict Verdict,
    IReadOnlyList<(RequestKey Key, GreedyOutcome Outcome)> Near,
    SpeedComparison? Speed,
    CellTally? BaselineSpeed,
    CellTally? MethodSpeed,
    DeviceFingerprint? Device)
{
    /// <summary>Chi-square test of the cell's draws; null where none were made.</summary>
    public StatisticalResult? Statistical { get; init; }

    /// <summary>Laws of the next token and accepted ranks, summed over the acceptance lane.</summary>
    public RoundObservations Observed { get; init; } = RoundObservations.None;

    /// <summary>What the device's cost curve predicts; null where it was not measured.</summary>
    public DevicePrediction? Prediction { get; init; }

    /// <summary>Generations whose prompt was too long for the target and lost its beginning.</summary>
    public int PromptsCut { get; init; }

    /// <summary>Tokens that they lost.</summary>
    public long PromptTokensCut { get; init; }

    /// <summary>Figures over all categories.</summary>
    public CellMetrics Overall { get; } = CellMetrics.Of(Tally);

    /// <summary>Categories in order of name.</summary>
    public IReadOnlyList<string> Categories { get; } = [.. Tally.Requests.Select(r => r.Category).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Figures of one category.</summary>
    public CellMetrics Of(string category) => CellMetrics.Of(Tally.OfCategory(category));

    /// <summary>Speed of one category; null where it was not measured.</summary>
    public SpeedComparison? SpeedOf(string category, long seed) =>
        BaselineSpeed is null || MethodSpeed is null ? null : SpeedComparison.Of(BaselineSpeed.OfCategory(category), MethodSpeed.OfCategory(category), seed);
}
