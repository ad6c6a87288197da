namespace Orchestrator.Domain.Statistics;

/// <summary>Holm's step-down correction (Holm 1979): controls the chance of any false alarm over many tests, whatever their dependence.</summary>
public static class Holm
{
    /// <summary>Adjusted p-values in the order given; a test is significant at family level α where its adjusted value is ≤ α.</summary>
    /// <exception cref="ArgumentException">A value is not in [0, 1].</exception>
    public static double[] Adjust(IReadOnlyList<double> pValues)
    {
        if (pValues.Any(p => !(p >= 0 && p <= 1)))
        {
            throw new ArgumentException("p-values lie in [0, 1].", nameof(pValues));
        }

        var adjusted = new double[pValues.Count];
        var running = 0.0;
        var rank = 0;
        foreach (var index in Enumerable.Range(0, pValues.Count).OrderBy(i => pValues[i]).ThenBy(i => i))
        {
            running = Math.Max(running, Math.Min(1, (pValues.Count - rank) * pValues[index]));
            adjusted[index] = running;
            rank++;
        }

        return adjusted;
    }
}
