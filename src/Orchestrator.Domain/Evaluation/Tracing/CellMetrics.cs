namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>
/// Every figure of a cell, a pure function of its tallies. Ratios without a denominator are NaN: "no data" is not 0.
/// </summary>
/// <param name="Requests">Generations, failed ones included.</param>
/// <param name="Outcomes">How many ended how.</param>
/// <param name="Coverage">Share that is data, in [0, 1]; stands beside each mean.</param>
/// <param name="Steps">Rounds.</param>
/// <param name="DraftingSteps">Rounds with a draft.</param>
/// <param name="Tokens">Tokens emitted by rounds; the prefills' first tokens are not among them.</param>
/// <param name="MatPooled">Mean accepted tokens τ = Σ emitted / Σ rounds, the bonus or correction included.</param>
/// <param name="MatPerRequest">Mean over generations of their own τ, unweighted.</param>
/// <param name="Histogram">h[i]: rounds that accepted i candidates.</param>
/// <param name="Marginal">At i - 1: share of rounds that accepted position i. Before cuts, 1 + Σ is τ.</param>
/// <param name="Conditional">At i - 1: share that accepted position i of the rounds that offered it and accepted all before.</param>
/// <param name="Drafted">Candidates proposed.</param>
/// <param name="Evaluated">Candidates accepted or rejected.</param>
/// <param name="Accepted">Candidates accepted.</param>
/// <param name="Bonuses">Bonus tokens.</param>
/// <param name="Truncated">Tokens cut behind ends.</param>
/// <param name="RowsRead">Rows the target read in rounds.</param>
/// <param name="Timing">Wall-clock sums.</param>
public sealed record CellMetrics(
    int Requests,
    IReadOnlyDictionary<RequestOutcome, int> Outcomes,
    double Coverage,
    long Steps,
    long DraftingSteps,
    long Tokens,
    double MatPooled,
    double MatPerRequest,
    IReadOnlyList<long> Histogram,
    IReadOnlyList<double> Marginal,
    IReadOnlyList<double> Conditional,
    long Drafted,
    long Evaluated,
    long Accepted,
    long Bonuses,
    long Truncated,
    long RowsRead,
    CellTiming Timing)
{
    /// <summary>Accepted / drafted (vLLM's and TensorRT-LLM's acceptance rate). A tree's is low by nature.</summary>
    public double AcceptanceOfDrafted => Ratio(Accepted, Drafted);

    /// <summary>Accepted / evaluated (ONNX Runtime GenAI's acceptance rate).</summary>
    public double AcceptanceOfEvaluated => Ratio(Accepted, Evaluated);

    /// <summary>τ before cuts at end tokens and limits: 1 + accepted / rounds.</summary>
    public double MatUncut => 1 + Ratio(Accepted, Steps);

    /// <summary>Computes them.</summary>
    public static CellMetrics Of(CellTally cell)
    {
        var data = cell.Requests.Where(r => r.Outcome == RequestOutcome.Ok).ToList();
        var histogram = Sum(data.Select(r => r.Histogram));
        var reached = Sum(data.Select(r => r.Reached));
        var steps = data.Sum(r => r.Steps);
        var acceptedAt = reached.Select((_, i) => histogram.Skip(i + 1).Sum()).ToArray();
        var own = data.Where(r => r.Steps > 0).Select(r => (double)r.Emitted / r.Steps).ToList();
        return new(
            cell.Requests.Count,
            Enum.GetValues<RequestOutcome>().ToDictionary(o => o, o => cell.Requests.Count(r => r.Outcome == o)),
            Ratio(data.Count, cell.Requests.Count),
            steps,
            data.Sum(r => r.DraftingSteps),
            data.Sum(r => r.Emitted),
            Ratio(data.Sum(r => r.Emitted), steps),
            own.Count == 0 ? double.NaN : own.Sum() / own.Count,
            histogram,
            [.. acceptedAt.Select(n => Ratio(n, steps))],
            [.. acceptedAt.Select((n, i) => Ratio(n, reached[i]))],
            data.Sum(r => r.Drafted),
            data.Sum(r => r.Evaluated),
            data.Sum(r => r.Accepted),
            data.Sum(r => r.Bonuses),
            data.Sum(r => r.Truncated),
            data.Sum(r => r.RowsRead),
            new CellTiming(
                data.Sum(r => r.PrefillMicroseconds),
                data.Sum(r => r.Microseconds.Draft),
                data.Sum(r => r.Microseconds.Verify),
                data.Sum(r => r.Microseconds.Accept),
                data.Sum(r => r.Microseconds.Cache),
                data.Sum(r => r.Microseconds.Host),
                data.Sum(r => r.Emitted),
                steps));
    }

    internal static double Ratio(double part, double whole) => whole == 0 ? double.NaN : part / whole;

    private static long[] Sum(IEnumerable<IReadOnlyList<long>> lists)
    {
        var sum = new List<long>();
        foreach (var list in lists)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (i == sum.Count)
                {
                    sum.Add(0);
                }

                sum[i] += list[i];
            }
        }

        return [.. sum];
    }
}

/// <summary>Wall-clock sums of a cell; only those of one pinned device may be compared.</summary>
/// <param name="PrefillMicroseconds">Prefills, apart from decoding.</param>
/// <param name="DraftMicroseconds">Proposing.</param>
/// <param name="VerifyMicroseconds">Target forwards.</param>
/// <param name="AcceptMicroseconds">Verifiers.</param>
/// <param name="CacheMicroseconds">Cache moves.</param>
/// <param name="HostMicroseconds">The loop itself.</param>
/// <param name="Tokens">Tokens emitted by rounds.</param>
/// <param name="Steps">Rounds.</param>
public sealed record CellTiming(
    long PrefillMicroseconds,
    long DraftMicroseconds,
    long VerifyMicroseconds,
    long AcceptMicroseconds,
    long CacheMicroseconds,
    long HostMicroseconds,
    long Tokens,
    long Steps)
{
    /// <summary>Microseconds of all rounds.</summary>
    public long DecodeMicroseconds => DraftMicroseconds + VerifyMicroseconds + AcceptMicroseconds + CacheMicroseconds + HostMicroseconds;

    /// <summary>Tokens a second of decoding.</summary>
    public double TokensPerSecond => CellMetrics.Ratio(Tokens * 1e6, DecodeMicroseconds);

    /// <summary>Share of drafting in decode time.</summary>
    public double DraftShare => CellMetrics.Ratio(DraftMicroseconds, DecodeMicroseconds);

    /// <summary>Microseconds a round: over the baseline's this is the overhead o, and speedup = τ / o.</summary>
    public double MicrosecondsPerStep => CellMetrics.Ratio(DecodeMicroseconds, Steps);
}
