using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>Method against baseline, paired by generation, decode time only.</summary>
/// <param name="Pairs">Generations that are data, with rounds, in both arms.</param>
/// <param name="Unpaired">Generations that are data in one arm alone; they count in neither.</param>
/// <param name="Pooled">Tokens a second of all, method over baseline, with its interval.</param>
/// <param name="GeometricMean">Geometric mean of the generations' ratios, with its interval.</param>
/// <param name="Overhead">o: microseconds a round over the baseline's. Pooled speedup is τ / o.</param>
public sealed record SpeedComparison(int Pairs, int Unpaired, Interval Pooled, Interval GeometricMean, double Overhead)
{
    /// <summary>Compares two cells measured in one process on one device.</summary>
    /// <param name="baseline">Autoregressive arm.</param>
    /// <param name="method">Speculative arm.</param>
    /// <param name="seed">Seed of the bootstrap.</param>
    /// <returns>Null where no generation has both arms.</returns>
    public static SpeedComparison? Of(CellTally baseline, CellTally method, long seed)
    {
        var first = Usable(baseline);
        var second = Usable(method);
        var keys = first.Keys.Intersect(second.Keys).Order().ToList();
        if (keys.Count == 0)
        {
            return null;
        }

        Pair[] pairs = [.. keys.Select(k => new Pair(
            first[k].DecodeMicroseconds / 1e6, first[k].Emitted, second[k].DecodeMicroseconds / 1e6, second[k].Emitted))];
        var perStep = keys.Sum(k => second[k].DecodeMicroseconds) / (double)keys.Sum(k => second[k].Steps);
        var basePerStep = keys.Sum(k => first[k].DecodeMicroseconds) / (double)keys.Sum(k => first[k].Steps);
        return new(
            pairs.Length,
            first.Count + second.Count - (2 * pairs.Length),
            PairedBootstrap.Estimate(pairs, PairedBootstrap.PooledRatio, SeededStream.For(seed, "speed", "pooled")),
            PairedBootstrap.Estimate(pairs, PairedBootstrap.GeometricMean, SeededStream.For(seed, "speed", "geometric")),
            perStep / basePerStep);
    }

    private static Dictionary<RequestKey, RequestTally> Usable(CellTally cell) => cell.Requests
        .Where(r => r.Outcome == RequestOutcome.Ok && r.Steps > 0 && r.DecodeMicroseconds > 0)
        .ToDictionary(r => r.Key);
}
