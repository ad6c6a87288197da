using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>What the exact certificate found.</summary>
/// <param name="Length">Tokens of the joint law.</param>
/// <param name="Outcomes">Outcomes of the target's law.</param>
/// <param name="TotalVariation">Between the process's joint law and the target's.</param>
/// <param name="FirstTokenTotalVariation">The same for the first token of a round alone: what a test of one token would have seen.</param>
/// <param name="Divergence">χ² divergence of the process's law, which decides how many samples a statistical test needs.</param>
public sealed record ExactOutcome(int Length, int Outcomes, double TotalVariation, double FirstTokenTotalVariation, double Divergence)
{
    /// <summary>Distance up to which laws count as equal: rounding in double precision stays far below.</summary>
    public const double Tolerance = 1e-12;

    /// <summary>True where the process is lossless.</summary>
    public bool IsGreen => TotalVariation <= Tolerance;
}

/// <summary>
/// Proof by enumeration: the real decoder, drafter and verifier run on every outcome of every draw over a small scripted
/// model, which gives the joint law of the first tokens without sampling noise. Run it at temperatures other than 1, with
/// top-k and top-p, over at least γ + 2 tokens after the prefill's: some errors are invisible elsewhere.
/// </summary>
public static class ExactCertificate
{
    /// <summary>The joint law of the first <paramref name="length"/> tokens of a process.</summary>
    /// <param name="open">Opens the process on a source of draws; called once a branch.</param>
    /// <param name="length">Tokens.</param>
    public static SequenceLaw LawOf(Func<IChance, IDecodeProcess> open, int length)
    {
        var law = new SequenceLaw();
        var waiting = new SortedDictionary<int, SortedDictionary<string, Branch>>();
        Expand(open, new Branch(1, [], 0), length, law, waiting);
        while (waiting.Count > 0)
        {
            // Every round emits, so states with fewer tokens come first and are complete when their turn is there.
            var (tokens, states) = waiting.First();
            waiting.Remove(tokens);
            foreach (var state in states.Values)
            {
                Expand(open, state, length, law, waiting);
            }
        }

        return law;
    }

    /// <summary>The target's own joint law.</summary>
    /// <param name="next">The processed law after the prompt and these output tokens.</param>
    /// <param name="length">Tokens.</param>
    /// <param name="endTokens">Ids that end an output.</param>
    public static SequenceLaw LawOfTarget(Func<IReadOnlyList<int>, double[]> next, int length, IReadOnlySet<int> endTokens)
    {
        var law = new SequenceLaw();
        Grow([], 1);
        return law;

        void Grow(List<int> output, double probability)
        {
            if (output.Count == length || (output.Count > 0 && endTokens.Contains(output[^1])))
            {
                law.Add(SequenceLaw.NameOf(output, length), probability);
                return;
            }

            var p = next(output);
            for (var token = 0; token < p.Length; token++)
            {
                if (p[token] > 0)
                {
                    Grow([.. output, token], probability * p[token]);
                }
            }
        }
    }

    /// <summary>Compares a process's law with the target's.</summary>
    /// <exception cref="InvalidOperationException">The process's law does not sum to 1: the enumeration or the process is wrong.</exception>
    public static ExactOutcome Compare(SequenceLaw target, SequenceLaw process, int length)
    {
        if (Math.Abs(process.Mass - 1) > 1e-9)
        {
            throw new InvalidOperationException($"The process's law sums to {process.Mass}, not 1.");
        }

        // Token 1 is the prefill's; token 2 is the first that a round emits.
        return new(
            length,
            target.Outcomes.Count,
            target.TotalVariation(process),
            target.Marginal(2).TotalVariation(process.Marginal(2)),
            target.ChiSquareDivergence(process));
    }

    private static void Expand(
        Func<IChance, IDecodeProcess> open, Branch branch, int length, SequenceLaw law, SortedDictionary<int, SortedDictionary<string, Branch>> waiting)
    {
        var chance = new EnumeratedChance();
        chance.Fix(branch.Script);
        do
        {
            chance.Restart();
            var process = open(chance);
            for (var i = 0; i <= branch.Advances; i++)
            {
                process.Advance();
            }

            var probability = branch.Probability * chance.Weight;
            var output = process.Output;
            if (output.Count >= length || process.HasEnded)
            {
                law.Add(SequenceLaw.NameOf(output, length), probability);
                continue;
            }

            if (!waiting.TryGetValue(output.Count, out var states))
            {
                waiting.Add(output.Count, states = new(StringComparer.Ordinal));
            }

            var key = process.StateKey;
            states[key] = states.TryGetValue(key, out var known)
                ? known with { Probability = known.Probability + probability }
                : new Branch(probability, chance.Script, branch.Advances + 1);
        }
        while (chance.Advance());
    }

    private sealed record Branch(double Probability, int[] Script, int Advances);
}
