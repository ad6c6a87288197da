using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>The rows that batches name.</summary>
/// <param name="Jobs">Each once, by ordinal order of id: the order in which they are locked.</param>
/// <param name="Shards">Each once; true where a grant asks for the payload.</param>
/// <param name="CompletedPhases">Phases that a completion names, each once: their tallies may change.</param>
internal sealed record ShardKeys(
    IReadOnlyList<JobId> Jobs, IReadOnlyDictionary<ShardKey, bool> Shards, IReadOnlyCollection<PhaseKey> CompletedPhases)
{
    public static ShardKeys Of(IReadOnlyList<ShardBatch> batches)
    {
        var shards = new Dictionary<ShardKey, bool>();
        var completed = new HashSet<PhaseKey>();
        foreach (var batch in batches)
        {
            foreach (var completion in batch.Completions)
            {
                shards.TryAdd(completion.Lease.Shard, false);
                completed.Add(new PhaseKey(completion.Lease.Shard.Job, completion.Lease.Shard.Phase));
            }

            foreach (var withdrawal in batch.Withdrawals)
            {
                shards.TryAdd(withdrawal.Lease.Shard, false);
            }

            foreach (var grant in batch.Grants)
            {
                shards[grant.Lease.Shard] = true;
            }
        }

        var jobs = shards.Keys.Select(static k => k.Job).Distinct().OrderBy(static j => j.Value, StringComparer.Ordinal).ToArray();
        return new ShardKeys(jobs, shards, completed);
    }
}

/// <summary>Compares rows written with rows meant; under the job's lock they can differ only by a bug.</summary>
internal static class SavedRows
{
    public static void Check(int expected, int written, string what)
    {
        if (written != expected)
        {
            throw new InvalidOperationException($"Wrote {written} rows instead of {expected} for {what}; the transaction is rolled back.");
        }
    }
}
