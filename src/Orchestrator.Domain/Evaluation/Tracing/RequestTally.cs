namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>
/// The counts of one generation, all integers: what metrics are computed from. A failed generation keeps its outcome and no
/// counts.
/// </summary>
public sealed record RequestTally
{
    private RequestTally(RequestTrace trace)
    {
        Key = trace.Key;
        Category = trace.Category;
        Outcome = trace.Outcome;
    }

    /// <summary>Which generation.</summary>
    public RequestKey Key { get; }

    /// <summary>Its category.</summary>
    public string Category { get; }

    /// <summary>How it ended.</summary>
    public RequestOutcome Outcome { get; }

    /// <summary>Rounds.</summary>
    public long Steps { get; private init; }

    /// <summary>Rounds in which something was drafted (vLLM's <c>num_drafts</c>).</summary>
    public long DraftingSteps { get; private init; }

    /// <summary>Candidates proposed.</summary>
    public long Drafted { get; private init; }

    /// <summary>Candidates accepted or rejected.</summary>
    public long Evaluated { get; private init; }

    /// <summary>Candidates accepted, those cut afterwards included.</summary>
    public long Accepted { get; private init; }

    /// <summary>Rounds that ended with a bonus token.</summary>
    public long Bonuses { get; private init; }

    /// <summary>Tokens that rounds emitted.</summary>
    public long Emitted { get; private init; }

    /// <summary>Tokens decided but cut behind the end.</summary>
    public long Truncated { get; private init; }

    /// <summary>Rows that the target read in rounds.</summary>
    public long RowsRead { get; private init; }

    /// <summary>h[i]: rounds that accepted i candidates.</summary>
    public IReadOnlyList<long> Histogram { get; private init; } = [];

    /// <summary>At i - 1: rounds in which position i was reached, that is offered and i - 1 were accepted.</summary>
    public IReadOnlyList<long> Reached { get; private init; } = [];

    /// <summary>Microseconds of drafting, verifying, accepting, cache moves and the loop itself.</summary>
    public (long Draft, long Verify, long Accept, long Cache, long Host) Microseconds { get; private init; }

    /// <summary>Microseconds of the prefill.</summary>
    public long PrefillMicroseconds { get; private init; }

    /// <summary>Microseconds of all rounds.</summary>
    public long DecodeMicroseconds => Microseconds.Draft + Microseconds.Verify + Microseconds.Accept + Microseconds.Cache + Microseconds.Host;

    /// <summary>Counts one trace.</summary>
    /// <exception cref="InvalidDataException">The trace contradicts itself; nothing of it may be used.</exception>
    public static RequestTally Of(RequestTrace trace)
    {
        if (trace.Outcome != RequestOutcome.Ok)
        {
            return new RequestTally(trace);
        }

        var steps = trace.Steps;
        for (var i = 0; i < steps.Count; i++)
        {
            var contradiction = steps[i].Contradiction()
                ?? (steps[i].Truncated > 0 && i < steps.Count - 1 ? "tokens were cut before the last round" : null);
            if (contradiction is not null)
            {
                throw Broken(trace.Key, $"round {i}: {contradiction}");
            }
        }

        var deepest = steps.Select(s => s.Depth).DefaultIfEmpty(0).Max();
        var histogram = new long[deepest + 1];
        var reached = new long[deepest];
        foreach (var step in steps)
        {
            histogram[step.Accepted]++;
            for (var position = 1; position <= Math.Min(step.Accepted + 1, step.Depth); position++)
            {
                reached[position - 1]++;
            }
        }

        var tally = new RequestTally(trace)
        {
            Steps = steps.Count,
            DraftingSteps = steps.Count(s => s.Drafted > 0),
            Drafted = steps.Sum(s => (long)s.Drafted),
            Evaluated = steps.Sum(s => (long)s.Evaluated),
            Accepted = steps.Sum(s => (long)s.Accepted),
            Bonuses = steps.Count(s => s.Bonus),
            Emitted = steps.Sum(s => (long)s.Emitted),
            Truncated = steps.Sum(s => (long)s.Truncated),
            RowsRead = steps.Sum(s => (long)s.TreeNodes),
            Histogram = histogram,
            Reached = reached,
            Microseconds = (
                steps.Sum(s => s.DraftMicroseconds),
                steps.Sum(s => s.VerifyMicroseconds),
                steps.Sum(s => s.AcceptMicroseconds),
                steps.Sum(s => s.CacheMicroseconds),
                steps.Sum(s => s.HostMicroseconds)),
            PrefillMicroseconds = trace.PrefillMicroseconds,
        };
        if (trace.OutputTokens != tally.Emitted + 1)
        {
            throw Broken(trace.Key, $"{trace.OutputTokens} output tokens, but the prefill's first and {tally.Emitted} of rounds");
        }

        tally.Check();
        return tally;
    }

    /// <summary>Checks the laws that hold for every tally.</summary>
    /// <exception cref="InvalidDataException">One does not hold.</exception>
    public void Check()
    {
        var broken =
            Histogram.Sum() != Steps ? $"the histogram counts {Histogram.Sum()} of {Steps} rounds"
            : Histogram.Select((count, i) => count * i).Sum() != Accepted ? $"the histogram gives other than {Accepted} accepted"
            : Emitted != Accepted + Steps - Truncated ? $"{Emitted} emitted, but {Accepted} accepted in {Steps} rounds with {Truncated} cut"
            : Accepted > Evaluated || Evaluated > Drafted ? $"{Accepted} accepted, {Evaluated} evaluated, {Drafted} drafted do not rise"
            : Bonuses > DraftingSteps || DraftingSteps > Steps ? $"{Bonuses} bonuses, {DraftingSteps} drafting rounds, {Steps} rounds do not rise"
            : Reached.Where((count, i) => count < AcceptedAt(i + 1)).Any() ? "a position was accepted more often than reached"
            : null;
        if (broken is not null)
        {
            throw Broken(Key, broken);
        }
    }

    /// <summary>Rounds that accepted position <paramref name="position"/> (from 1); falls with the position by construction.</summary>
    public long AcceptedAt(int position) => Histogram.Skip(position).Sum();

    /// <summary>Value equality, lists by content.</summary>
    public bool Equals(RequestTally? other) => other is not null
        && (Key, Category, Outcome, Steps, DraftingSteps, Drafted, Evaluated) == (other.Key, other.Category, other.Outcome, other.Steps, other.DraftingSteps, other.Drafted, other.Evaluated)
        && (Accepted, Bonuses, Emitted, Truncated, RowsRead) == (other.Accepted, other.Bonuses, other.Emitted, other.Truncated, other.RowsRead)
        && (Microseconds, PrefillMicroseconds) == (other.Microseconds, other.PrefillMicroseconds)
        && Histogram.SequenceEqual(other.Histogram) && Reached.SequenceEqual(other.Reached);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Key, Steps, Accepted, Emitted);

    private static InvalidDataException Broken(RequestKey key, string what) =>
        new($"The trace of prompt {key.Prompt}, turn {key.Turn}, sample {key.Sample} contradicts itself: {what}. Its part must be computed again.");
}
