using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What a committed shard of <c>acceptance</c>, <c>losslessness</c> or <c>speed</c> says.</summary>
/// <param name="Cell">Id of the cell.</param>
public sealed record LaneManifest(string Cell)
{
    /// <summary>Its generations; null where it has none.</summary>
    public AttemptFile? Generations { get; init; }

    /// <summary>Acceptance lane of a baseline: the target's record of them; null where none was asked for.</summary>
    public AttemptFile? Record { get; init; }

    /// <summary>Losslessness: the first tokens of its draws, a JSON list a line.</summary>
    public AttemptFile? Draws { get; init; }

    /// <summary>Speed lane: the baseline's generations beside the method's.</summary>
    public AttemptFile? Baseline { get; init; }

    /// <summary>Speed lane: what a forward costs; of the shard that measured it.</summary>
    public VerifyCurve? Curve { get; init; }

    /// <summary>Speed lane: what it was measured on.</summary>
    public DeviceFingerprint? Device { get; init; }
}
