namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>
/// The target's processed law after each node of a proposed tree. Verifiers see the target through this alone, so none of
/// them can use a law that was processed in another way. Implemented by <see cref="ProcessedTarget"/>; an engine implements
/// <c>ILogitRows</c> below it.
/// </summary>
public interface ITargetLaw
{
    /// <summary>Tokens, ids 0 to this minus one.</summary>
    int VocabularySize { get; }

    /// <summary>p(· | committed tokens, path to the node), the node included; 0 is the root, the last committed token.</summary>
    /// <returns>Probabilities, valid until the law is disposed.</returns>
    ReadOnlySpan<double> At(int node);
}
