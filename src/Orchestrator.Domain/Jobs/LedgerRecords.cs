namespace Orchestrator.Domain.Jobs;

/// <summary>Who holds a lease.</summary>
/// <param name="Silo">Silo address with generation, as the membership names it.</param>
/// <param name="Worker">Name of the worker process.</param>
public readonly record struct LeaseOwner(string Silo, string Worker);

/// <summary>A shard as stored, without payload and output.</summary>
/// <param name="Index">Index in its phase, dense from 0.</param>
/// <param name="Attempt">The latest attempt granted; 0 where there was none.</param>
/// <param name="Owner">Set where the state is <see cref="ShardState.Leased"/>.</param>
/// <param name="ReadyAt">A pending shard is not leased before this time; null for at once.</param>
/// <param name="Failures">Failures counted against its retries.</param>
/// <param name="WorkerDeaths">Workers that died while they held it.</param>
public readonly record struct LedgerRow(
    int Index, ShardState State, int Attempt, LeaseOwner? Owner, DateTimeOffset? ReadyAt, int Failures, int WorkerDeaths);

/// <summary>A shard picked for a worker; the grant has to be stored before it counts.</summary>
public readonly record struct LedgerTake(int Index, int Attempt);

/// <summary>A lease that counts.</summary>
public readonly record struct LedgerLease(int Index, int Attempt, LeaseOwner Owner);

/// <summary>What became of a renewal.</summary>
public enum RenewVerdict
{
    /// <summary>The lease runs for another full time to live.</summary>
    Renewed,

    /// <summary>This owner does not hold this attempt (any more): its work is of no use.</summary>
    NotHeld,

    /// <summary>The attempt is newer than any this ledger knows: the rows have moved on without it, and it must be read again.</summary>
    Unknown,
}

/// <summary>A lease taken away, to be written to the shard's row by compare-and-set on the attempt.</summary>
/// <param name="NewState">Pending, Failed or Quarantined.</param>
/// <param name="Outcome">For the attempt history: <c>failed</c>, <c>lost</c> or <c>released</c>.</param>
/// <param name="Error">What users read; null for a release.</param>
/// <param name="ReadyAt">End of the back-off; null for at once.</param>
/// <param name="AddFailures">Added to the shard's counted failures.</param>
/// <param name="AddWorkerDeaths">Added to the shard's worker deaths.</param>
public sealed record LedgerDecision(
    int Index,
    int Attempt,
    ShardState NewState,
    string Outcome,
    string? Error,
    DateTimeOffset? ReadyAt,
    int AddFailures,
    int AddWorkerDeaths);

/// <summary>Shards of a phase by state.</summary>
public readonly record struct LedgerCounts(int Pending, int Leased, int Committed, int Failed, int Quarantined)
{
    /// <summary>All shards.</summary>
    public int Total => Pending + Leased + Committed + Failed + Quarantined;
}
