using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>One generation as a shard stores it: the trace, and what the audit and the answers need.</summary>
/// <param name="Trace">Rounds, or the failure.</param>
/// <param name="Output">Output ids.</param>
/// <param name="Text">The output as text, special tokens left out.</param>
/// <param name="Margins">Baseline at temperature 0: the target's margin at each output token; else empty.</param>
/// <param name="Observed">Acceptance lane: laws of the next token and accepted ranks; null elsewhere.</param>
public sealed record Generation(
    RequestTrace Trace, IReadOnlyList<int> Output, string Text, IReadOnlyList<double> Margins, RoundObservations? Observed = null);
