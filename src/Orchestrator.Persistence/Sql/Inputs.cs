using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>Refuses what only a bug can hand in, before it reaches a transaction that others share.</summary>
internal static class Inputs
{
    public static void Check(NewJob job)
    {
        Check(job.FirstPhase, job.Shards);
        CheckText(job.Document, "The document");
    }

    public static void Check(string phase, IReadOnlyList<ShardSpec> shards)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(phase);
        for (var i = 0; i < shards.Count; i++)
        {
            if (shards[i].Index != i)
            {
                throw new ArgumentException($"Shards of phase '{phase}' must be dense from 0 and in order; place {i} holds index {shards[i].Index}.", nameof(shards));
            }

            CheckText(shards[i].Payload, $"The payload of shard {phase}/{i}");
        }
    }

    public static void Check(IReadOnlyList<NewJobEvent> events)
    {
        foreach (var e in events)
        {
            CheckText(e.Data, $"The data of event '{e.Type}'");
        }
    }

    public static void Check(ShardBatch batch)
    {
        foreach (var (lease, output) in batch.Completions)
        {
            CheckText(output.Manifest, $"The manifest of attempt {lease}");
        }

        foreach (var withdrawal in batch.Withdrawals)
        {
            if (withdrawal.NewState is not (ShardState.Pending or ShardState.Failed or ShardState.Quarantined))
            {
                throw new ArgumentException($"Attempt {withdrawal.Lease} cannot be withdrawn to '{withdrawal.NewState}'; only to pending, failed or quarantined.", nameof(batch));
            }
        }
    }

    private static void CheckText(string text, string what)
    {
        if (!StoredText.IsStorable(text))
        {
            throw new ArgumentException($"{what} holds a zero character or an unpaired surrogate, which JSON text does not have unescaped.");
        }
    }
}
