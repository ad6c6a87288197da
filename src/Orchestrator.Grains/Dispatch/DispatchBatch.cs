using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Dispatch;

/// <summary>A withdrawal on its way to the store.</summary>
internal readonly record struct PendingWithdrawal(JobEntry Job, string Phase, LedgerDecision Decision, string Reason);

/// <summary>A grant on its way to the store.</summary>
/// <param name="BeginsAtOnce">A slot of the worker is free for it; the others wait there for one.</param>
internal readonly record struct PendingGrant(JobEntry Job, string Phase, string Kind, LedgerTake Take, bool BeginsAtOnce)
{
    public LeaseKey Key => new(new ShardKey(Job.Id, Phase, Take.Index), Take.Attempt);
}

/// <summary>Everything one exchange or one sweep wants written, beside what the answers are for.</summary>
internal sealed class DispatchBatch
{
    public List<ShardCompletion> Completions { get; } = [];

    public List<PendingWithdrawal> Withdrawals { get; } = [];

    public List<PendingGrant> Grants { get; } = [];

    /// <summary>Committed shards that must run again before those that need them can.</summary>
    public List<(JobId Job, SpoiltShard[] Shards)> Spoilt { get; } = [];

    /// <summary>Completions whose time has been booked already.</summary>
    public HashSet<LeaseRef> Booked { get; } = [];

    public bool IsEmpty => Completions.Count == 0 && Withdrawals.Count == 0 && Grants.Count == 0;

    public void Withdraw(JobEntry job, LedgerDecision? decision, string reason)
    {
        if (decision is not null)
        {
            Withdrawals.Add(new PendingWithdrawal(job, job.Record!.Phase, decision, reason));
        }
    }

    public ShardBatch ToShardBatch(LeaseOwner owner) => new(
        Completions.ConvertAll(done => new Completion(done.Lease.ToKey(), new ShardOutput(done.Manifest, done.Digest, done.Tally))),
        Withdrawals.ConvertAll(pending => new Withdrawal(
            new LeaseKey(new ShardKey(pending.Job.Id, pending.Phase, pending.Decision.Index), pending.Decision.Attempt),
            pending.Decision.NewState,
            pending.Decision.Outcome,
            pending.Decision.Error,
            pending.Decision.ReadyAt,
            pending.Decision.AddFailures,
            pending.Decision.AddWorkerDeaths)),
        Grants.ConvertAll(grant => new LeaseGrant(grant.Key, owner.Worker, owner.Silo)));
}
