namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>The one word of a cell's certificate.</summary>
public enum LosslessnessKind
{
    /// <summary>The exact law is the target's, and no statistical cell speaks against the engine.</summary>
    Exact,

    /// <summary>Greedy outputs equal the baseline's, token for token.</summary>
    Identical,

    /// <summary>As identical, but for near-ties, which are shown.</summary>
    NearTie,

    /// <summary>The method changes the law by design; the distance is measured.</summary>
    Lossy,

    /// <summary>A check failed.</summary>
    Broken,

    /// <summary>The checks are not complete: no claim is made.</summary>
    Unproven,
}

/// <summary>The certificate of a cell.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Reason">One sentence with the deciding figures.</param>
public sealed record LosslessnessVerdict(LosslessnessKind Kind, string Reason)
{
    /// <summary>The verdict's name in results.</summary>
    public string Name => Kind switch
    {
        LosslessnessKind.Exact => "exact",
        LosslessnessKind.Identical => "identical",
        LosslessnessKind.NearTie => "near-tie",
        LosslessnessKind.Lossy => "lossy",
        LosslessnessKind.Broken => "BROKEN",
        _ => "unproven",
    };

    /// <summary>Whether the method's speed may be ranked. Lossy methods are listed apart; all others get no rank.</summary>
    public bool MayRank => Kind is LosslessnessKind.Exact or LosslessnessKind.Identical or LosslessnessKind.NearTie;

    /// <summary>The verdict of a cell at temperature 0.</summary>
    /// <param name="audits">One a request that was compared; none is no proof.</param>
    /// <param name="notCompared">Turns whose prompts differ, because an answer before them does; the reason says how many.</param>
    public static LosslessnessVerdict OfGreedy(IReadOnlyList<GreedyOutcome> audits, int notCompared = 0)
    {
        if (notCompared > 0)
        {
            var compared = OfGreedy(audits);
            return compared with
            {
                Reason = compared.Reason + FormattableString.Invariant($"; {notCompared} later {(notCompared == 1 ? "turn follows an answer that differs and is" : "turns follow an answer that differs and are")} not compared"),
            };
        }

        if (audits.Count == 0)
        {
            return new(LosslessnessKind.Unproven, "no request was compared with the baseline");
        }

        var broken = audits.Where(a => a.Kind == GreedyKind.Broken).ToList();
        var ties = audits.Where(a => a.Kind == GreedyKind.NearTie).ToList();
        return broken.Count > 0
            ? new(LosslessnessKind.Broken, FormattableString.Invariant($"{broken.Count} of {audits.Count} outputs differ; the first at token {broken[0].Divergence}, margin {broken[0].Margin:G3}"))
            : ties.Count > 0
                ? new(LosslessnessKind.NearTie, FormattableString.Invariant($"{ties.Count} of {audits.Count} outputs part at a near-tie; largest margin {ties.Max(t => t.Margin):G3}"))
                : new(LosslessnessKind.Identical, FormattableString.Invariant($"{audits.Count} of {audits.Count} outputs are identical by token ids"));
    }

    /// <summary>The verdict of a cell that samples.</summary>
    /// <param name="claimsLossless">Whether the verifier claims the target's law.</param>
    /// <param name="exact">The exact certificate of the same drafter and verifier code; null where it was not run.</param>
    /// <param name="statistical">The corrected statistical cell on the real engine; null where it was not run.</param>
    /// <param name="oneStep">Teacher-forced laws of the next token on the real models; null where they were not computed.</param>
    public static LosslessnessVerdict OfSampled(
        bool claimsLossless, ExactOutcome? exact, StatisticalCell? statistical, RoundObservations? oneStep = null)
    {
        if (!claimsLossless)
        {
            return new(LosslessnessKind.Lossy, oneStep is { Positions: > 0 }
                ? FormattableString.Invariant($"by design; mean total variation of the next token from the target {oneStep.MeanTotalVariation:G3}, divergence {oneStep.MeanDivergence:G3} nats, over {oneStep.Positions} rounds")
                : exact is null ? "by design; distance not measured" : FormattableString.Invariant($"by design; total variation {exact.TotalVariation:G3} on the certificate's models"));
        }

        return exact is { IsGreen: false }
            ? new(LosslessnessKind.Broken, FormattableString.Invariant($"exact certificate: total variation {exact.TotalVariation:G3}, allowed {ExactOutcome.Tolerance:G1}"))
            : statistical is { Rejected: true }
                ? new(LosslessnessKind.Broken, FormattableString.Invariant($"chi-square on outputs: adjusted p {statistical.AdjustedPValue:G3}"))
                : oneStep is { Largest: > RoundObservations.Tolerance }
                    ? new(LosslessnessKind.Broken, FormattableString.Invariant($"law of the next token on the real models: total variation up to {oneStep.Largest:G3}, allowed {RoundObservations.Tolerance:G1}"))
                : exact is null
                    ? new(LosslessnessKind.Unproven, "the exact certificate was not run")
                    : new(LosslessnessKind.Exact, FormattableString.Invariant($"total variation {exact.TotalVariation:G2} over {exact.Outcomes} outcomes of {exact.Length} tokens")
                        + (statistical is null or { Fit.DegreesOfFreedom: 0 } ? "" : FormattableString.Invariant($"; chi-square p {statistical.Fit.PValue:G3}, would see {statistical.Fit.DetectableTotalVariation:G2}")));
    }
}
