namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>
/// Every random choice of drafters, verifiers and the decoder goes through here, so that the same code runs with a seeded
/// stream (<see cref="SeededChance"/>, an evaluation) and with enumeration (<c>EnumeratedChance</c>, the exact certificate,
/// where each draw branches with its probability). Implementers: these two; no other is needed by an engine.
/// </summary>
public interface IChance
{
    /// <summary>True with the probability given (u &lt; probability, u uniform on [0, 1)); values above 1 count as 1, below 0 as 0.</summary>
    bool Bernoulli(double probability);

    /// <summary>An index drawn in proportion to the weights.</summary>
    /// <param name="weights">Non-negative, finite, at least one above 0; need not sum to 1.</param>
    int Categorical(ReadOnlySpan<double> weights);
}
