using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// Chance without chance: each draw branches, and running the code once for every combination of branches visits every
/// outcome with its probability. Draws with one possible outcome do not branch.
/// </summary>
internal sealed class EnumeratedChance : IChance
{
    private readonly List<Fork> forks = [];
    private int fixedForks;
    private int next;

    /// <summary>Probability of the forks taken since <see cref="Fix"/>.</summary>
    public double Weight
    {
        get
        {
            var weight = 1.0;
            for (var i = fixedForks; i < next; i++)
            {
                weight *= forks[i].Probabilities[forks[i].Taken];
            }

            return weight;
        }
    }

    /// <summary>The branches taken so far, for <see cref="Fix"/>.</summary>
    public int[] Script => [.. forks.Take(next).Select(f => f.Taken)];

    /// <summary>Starts an enumeration below a given beginning.</summary>
    /// <param name="script">Branches taken before, in order; they are repeated in every run.</param>
    public void Fix(ReadOnlySpan<int> script)
    {
        forks.Clear();
        foreach (var branch in script)
        {
            forks.Add(new Fork([], branch));
        }

        fixedForks = script.Length;
        next = 0;
    }

    /// <summary>Back to the beginning of a run.</summary>
    public void Restart() => next = 0;

    /// <summary>Moves to the next combination after a finished run.</summary>
    /// <returns>False where all were visited.</returns>
    public bool Advance()
    {
        for (var i = forks.Count - 1; i >= fixedForks; i--)
        {
            var fork = forks[i];
            for (var branch = fork.Taken + 1; branch < fork.Probabilities.Length; branch++)
            {
                if (fork.Probabilities[branch] > 0)
                {
                    forks[i] = fork with { Taken = branch };
                    forks.RemoveRange(i + 1, forks.Count - i - 1);
                    return true;
                }
            }
        }

        return false;
    }

    /// <inheritdoc />
    public bool Bernoulli(double probability) =>
        probability >= 1 || (probability > 0 && Take([1 - probability, probability]) == 1);

    /// <inheritdoc />
    public int Categorical(ReadOnlySpan<double> weights)
    {
        var (total, possible, last) = (0.0, 0, -1);
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                total += weights[i];
                possible++;
                last = i;
            }
        }

        if (possible == 0)
        {
            throw new ArgumentException("No outcome has a weight above 0.", nameof(weights));
        }

        if (possible == 1)
        {
            return last;
        }

        var probabilities = weights.ToArray();
        for (var i = 0; i < probabilities.Length; i++)
        {
            probabilities[i] /= total;
        }

        return Take(probabilities);
    }

    private int Take(double[] probabilities)
    {
        if (next == forks.Count)
        {
            forks.Add(new Fork(probabilities, Array.FindIndex(probabilities, p => p > 0)));
        }
        else if (next >= fixedForks && !forks[next].Probabilities.AsSpan().SequenceEqual(probabilities))
        {
            throw new InvalidOperationException("The code under enumeration took another way on the same draws: it uses chance, time or state from outside.");
        }

        return forks[next++].Taken;
    }

    private readonly record struct Fork(double[] Probabilities, int Taken);
}
