namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>A joint law over the first tokens of outputs. An output that ended earlier is an outcome of its own.</summary>
public sealed class SequenceLaw
{
    private readonly SortedDictionary<string, double> probabilities = new(StringComparer.Ordinal);

    /// <summary>Outcomes with their probabilities, in a fixed order.</summary>
    public IReadOnlyDictionary<string, double> Outcomes => probabilities;

    /// <summary>Sum of all probabilities; 1 up to rounding.</summary>
    public double Mass => probabilities.Values.Sum();

    /// <summary>-Σ p·ln p over the outcomes, in nats.</summary>
    public double Entropy => -probabilities.Values.Where(p => p > 0).Sum(p => p * Math.Log(p));

    /// <summary>The outcome's name: tokens, and a full stop where the output ended before <paramref name="length"/>.</summary>
    public static string NameOf(IReadOnlyList<int> output, int length) =>
        output.Count >= length ? string.Join(' ', output.Take(length)) : string.Join(' ', output) + ".";

    /// <summary>Adds probability to an outcome.</summary>
    public void Add(string outcome, double probability) =>
        probabilities[outcome] = probabilities.GetValueOrDefault(outcome) + probability;

    /// <summary>The law of the first <paramref name="tokens"/> tokens.</summary>
    public SequenceLaw Marginal(int tokens)
    {
        var marginal = new SequenceLaw();
        foreach (var (outcome, probability) in probabilities)
        {
            var parts = outcome.TrimEnd('.').Split(' ', StringSplitOptions.RemoveEmptyEntries);
            marginal.Add(NameOf([.. parts.Select(int.Parse)], tokens), probability);
        }

        return marginal;
    }

    /// <summary>½ Σ |P - Q|.</summary>
    public double TotalVariation(SequenceLaw other) =>
        probabilities.Keys.Union(other.probabilities.Keys).Order(StringComparer.Ordinal)
            .Sum(o => Math.Abs(probabilities.GetValueOrDefault(o) - other.probabilities.GetValueOrDefault(o))) / 2;

    /// <summary>Σ (Q - P)²/P of <paramref name="other"/> = Q from this P; infinite where Q has an outcome that P has not.</summary>
    public double ChiSquareDivergence(SequenceLaw other) =>
        probabilities.Keys.Union(other.probabilities.Keys).Order(StringComparer.Ordinal).Sum(o =>
        {
            var (p, q) = (probabilities.GetValueOrDefault(o), other.probabilities.GetValueOrDefault(o));
            return p == q ? 0 : (q - p) * (q - p) / p;
        });
}
