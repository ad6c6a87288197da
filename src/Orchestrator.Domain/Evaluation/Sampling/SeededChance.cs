using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>Draws from a seeded stream; each call takes exactly one number from it, whatever its arguments.</summary>
/// <param name="stream">Made from (job, prompt, sample), never from the worker.</param>
public sealed class SeededChance(SeededStream stream) : IChance
{
    /// <inheritdoc />
    public bool Bernoulli(double probability) => stream.NextDouble() < probability;

    /// <inheritdoc />
    public int Categorical(ReadOnlySpan<double> weights)
    {
        // Sums run in index order: a vectorised sum would depend on the machine.
        var total = 0.0;
        foreach (var weight in weights)
        {
            total += weight;
        }

        if (!(total > 0) || !double.IsFinite(total))
        {
            throw new ArgumentException($"The weights sum to {total}; a draw needs a finite sum above 0.", nameof(weights));
        }

        var left = stream.NextDouble() * total;
        var last = -1;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                left -= weights[i];
                if (left < 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
