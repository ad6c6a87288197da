using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>One cell of a family of tests, corrected.</summary>
/// <param name="Cell">Name, for example of (method, temperature, top-p, γ, category).</param>
/// <param name="Fit">Outcome before correction, with its power.</param>
/// <param name="AdjustedPValue">Holm's adjusted p-value over the family.</param>
/// <param name="Rejected">True where the laws differ at the family's level.</param>
public sealed record StatisticalCell(string Cell, FitOutcome Fit, double AdjustedPValue, bool Rejected);

/// <summary>Losslessness of a black box (real engine, graph, tree, workers) by chi-square tests on outputs, one an independent seed.</summary>
public static class StatisticalCertificate
{
    /// <summary>Outputs against a law known exactly.</summary>
    /// <param name="outputs">Output tokens, one list a seed.</param>
    /// <param name="law">The target's joint law.</param>
    /// <param name="length">Tokens of that law.</param>
    /// <param name="alpha">Level at which power is stated.</param>
    /// <param name="power">Power at which the detectable distance is stated.</param>
    public static FitOutcome AgainstLaw(
        IEnumerable<IReadOnlyList<int>> outputs, SequenceLaw law, int length, double alpha = 1e-3, double power = 0.99)
    {
        return AgainstLaw(Count(outputs, length), law, alpha, power);
    }

    /// <summary>Outputs against a law known exactly over buckets: for real vocabularies.</summary>
    /// <param name="outputs">Output tokens, one list a seed.</param>
    /// <param name="law">The target's law of first tokens.</param>
    /// <param name="alpha">Level at which power is stated.</param>
    /// <param name="power">Power at which the detectable distance is stated.</param>
    public static FitOutcome AgainstBuckets(
        IEnumerable<IReadOnlyList<int>> outputs, PrefixLaw law, double alpha = 1e-3, double power = 0.99)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var output in outputs)
        {
            var bucket = law.BucketOf(output);
            counts[bucket] = counts.GetValueOrDefault(bucket) + 1;
        }

        return AgainstLaw(counts, law.Law, alpha, power);
    }

    /// <summary>Outputs of a method against outputs of the baseline, where the target's law is not known.</summary>
    public static FitOutcome AgainstBaseline(
        IEnumerable<IReadOnlyList<int>> baseline, IEnumerable<IReadOnlyList<int>> method, int length, double alpha = 1e-3, double power = 0.99)
    {
        var (first, second) = (Count(baseline, length), Count(method, length));
        string[] bins = [.. first.Keys.Union(second.Keys).Order(StringComparer.Ordinal)];
        return FitTest.TwoSamples(
            Array.ConvertAll(bins, b => first.GetValueOrDefault(b)),
            Array.ConvertAll(bins, b => second.GetValueOrDefault(b)),
            alpha,
            power);
    }

    /// <summary>Outputs needed so that <see cref="AgainstLaw"/> finds a process of a known wrong law with the power given.</summary>
    public static long SamplesFor(SequenceLaw law, SequenceLaw wrong, double alpha = 1e-3, double power = 0.99)
    {
        string[] bins = [.. law.Outcomes.Keys.Union(wrong.Outcomes.Keys).Order(StringComparer.Ordinal)];
        return FitTest.SamplesFor(
            Array.ConvertAll(bins, b => law.Outcomes.GetValueOrDefault(b)),
            Array.ConvertAll(bins, b => wrong.Outcomes.GetValueOrDefault(b)),
            alpha,
            power);
    }

    /// <summary>Corrects a family of cells by Holm.</summary>
    /// <param name="cells">All cells of the family, green and red.</param>
    /// <param name="alpha">Chance of any false alarm over the family.</param>
    public static IReadOnlyList<StatisticalCell> Correct(IReadOnlyList<(string Cell, FitOutcome Fit)> cells, double alpha = 1e-3)
    {
        var adjusted = Holm.Adjust([.. cells.Select(c => c.Fit.PValue)]);
        return [.. cells.Select((c, i) => new StatisticalCell(c.Cell, c.Fit, adjusted[i], adjusted[i] <= alpha))];
    }

    private static FitOutcome AgainstLaw(Dictionary<string, long> counts, SequenceLaw law, double alpha, double power)
    {
        string[] bins = [.. law.Outcomes.Keys.Union(counts.Keys).Order(StringComparer.Ordinal)];
        return FitTest.AgainstLaw(
            Array.ConvertAll(bins, b => counts.GetValueOrDefault(b)),
            Array.ConvertAll(bins, b => law.Outcomes.GetValueOrDefault(b)),
            alpha,
            power);
    }

    private static Dictionary<string, long> Count(IEnumerable<IReadOnlyList<int>> outputs, int length)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var output in outputs)
        {
            var name = SequenceLaw.NameOf(output, length);
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        return counts;
    }
}
