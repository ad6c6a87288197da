using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// Heads that each predict one later token from one hidden state of the target: Medusa's, or parallel multi-token
/// prediction. Implemented by the engine room; without state.
/// </summary>
public interface IDraftHeads
{
    /// <summary>Heads; head i (from 0) predicts the token i + 2 places after the hidden state's, that is i + 1 after the root.</summary>
    int Count { get; }

    /// <summary>Runs all heads.</summary>
    /// <param name="hidden">The target's hidden state at the token before the root.</param>
    /// <returns>Row i: logits of head i over the target's vocabulary.</returns>
    ILogitRows Predict(ReadOnlySpan<float> hidden);
}
