using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>One phase of one job.</summary>
internal readonly record struct PhaseKey(JobId Job, string Phase);

/// <summary>By how much a transaction changes a phase's counts and tally.</summary>
internal sealed class PhaseDelta
{
    private readonly int[] counts = new int[Enum.GetValues<ShardState>().Length];

    public Dictionary<string, long> Tally { get; } = [];

    public int this[ShardState state] => counts[(int)state];

    public void Count(ShardState state) => counts[(int)state]++;

    public void Move(ShardState from, ShardState to)
    {
        counts[(int)from]--;
        counts[(int)to]++;
    }

    public void Add(IReadOnlyDictionary<string, long> tally)
    {
        foreach (var (name, value) in tally)
        {
            Tally[name] = Sum(Tally.GetValueOrDefault(name), value);
        }
    }

    /// <summary>The stored tally plus this one; null where this one is empty.</summary>
    /// <exception cref="InvalidOperationException">There is something to add and no stored tally was read.</exception>
    public string? AddTo(string? stored)
    {
        if (Tally.Count == 0)
        {
            return null;
        }

        var sum = StoredText.Tally(stored ?? throw new InvalidOperationException("A phase has shards but no row of counts."));
        foreach (var (name, value) in Tally)
        {
            sum[name] = Sum(sum.GetValueOrDefault(name), value);
        }

        return StoredText.Of(sum);
    }

    /// <summary>Stops at the ends of the range: one absurd tally must not turn away the other jobs in the transaction.</summary>
    private static long Sum(long a, long b)
    {
        var sum = (Int128)a + b;
        return sum > long.MaxValue ? long.MaxValue : sum < long.MinValue ? long.MinValue : (long)sum;
    }
}
