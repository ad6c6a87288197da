namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>Decides how many tokens the next round drafts. Implemented by <see cref="FixedGamma"/> and <see cref="HeuristicGamma"/>; γ of every round is in the step trace.</summary>
public interface IGammaPolicy
{
    /// <summary>Tokens to draft next, at least 1.</summary>
    int Next { get; }

    /// <summary>Learns what became of a round.</summary>
    void Observe(int drafted, int accepted);
}

/// <summary>Always the same γ.</summary>
/// <param name="gamma">From 1.</param>
public sealed class FixedGamma(int gamma) : IGammaPolicy
{
    /// <inheritdoc />
    public int Next => gamma;

    /// <inheritdoc />
    public void Observe(int drafted, int accepted)
    {
    }
}

/// <summary>
/// Two more where everything drafted was accepted, else one less (the heuristic schedule of Hugging Face's assisted
/// generation). Acceptance rates under it do not compare with those of a fixed γ.
/// </summary>
/// <param name="start">First γ, within the bounds.</param>
/// <param name="min">Least γ, from 1.</param>
/// <param name="max">Largest γ.</param>
public sealed class HeuristicGamma(int start, int min = 1, int max = 32) : IGammaPolicy
{
    /// <inheritdoc />
    public int Next { get; private set; } = Math.Clamp(start, min, max);

    /// <inheritdoc />
    public void Observe(int drafted, int accepted)
    {
        // A round without a draft says nothing about γ.
        if (drafted > 0)
        {
            Next = Math.Clamp(accepted == drafted ? Next + 2 : Next - 1, min, max);
        }
    }
}
