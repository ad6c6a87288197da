using Orchestrator.Domain.Jobs;

namespace Orchestrator.Persistence.Sql;

/// <summary>A shard row while batches are judged against it.</summary>
internal sealed class ShardCell(ShardKey key, ShardState state, int attempt, string payload, string? digest, int failures, int workerDeaths)
{
    public ShardKey Key { get; } = key;

    /// <summary>State and attempt as read: what the compare-and-set of the write compares with.</summary>
    public ShardState WasState { get; } = state;

    public int WasAttempt { get; } = attempt;

    public ShardState State { get; set; } = state;

    public int Attempt { get; set; } = attempt;

    /// <summary>The shard's payload; empty where no grant asked for it.</summary>
    public string Payload { get; } = payload;

    public string? OwnerSilo { get; set; }

    public string? OwnerWorker { get; set; }

    public DateTimeOffset? ReadyAt { get; set; }

    public int Failures { get; set; } = failures;

    public int WorkerDeaths { get; set; } = workerDeaths;

    public string? Error { get; set; }

    public string? Manifest { get; set; }

    public string? Digest { get; set; } = digest;

    public string? Tally { get; set; }

    public bool Changed { get; set; }
}

/// <summary>A row to be added to the attempt history.</summary>
internal sealed record OpenedAttempt(LeaseKey Lease, string Worker, string Silo);

/// <summary>The end of an attempt.</summary>
internal sealed record ClosedAttempt(LeaseKey Lease, string Outcome, string? Error, string? Digest);

/// <summary>
/// The rules of lease and commit, in one place for both databases: rows come in locked, batches are judged in order
/// against them, and changes go out. Pure but for the rows it was given.
/// </summary>
/// <param name="jobs">State of each job that exists among those the batches name.</param>
/// <param name="cells">The rows that exist among those the batches name.</param>
/// <param name="tallies">The stored tally of each phase that a completion names.</param>
/// <param name="now">Time of the transaction, UTC.</param>
internal sealed class ShardWorkspace(
    IReadOnlyDictionary<JobId, JobState> jobs,
    IReadOnlyDictionary<ShardKey, ShardCell> cells,
    IReadOnlyDictionary<PhaseKey, string> tallies,
    DateTimeOffset now)
{
    public DateTimeOffset Now => now;

    public List<OpenedAttempt> Opened { get; } = [];

    public List<ClosedAttempt> Closed { get; } = [];

    public Dictionary<PhaseKey, PhaseDelta> Phases { get; } = [];

    public IEnumerable<ShardCell> Changed => cells.Values.Where(static c => c.Changed);

    /// <summary>The phase's tally after the transaction; null where it does not change.</summary>
    public string? TallyOf(PhaseKey phase) => Phases[phase].AddTo(tallies.GetValueOrDefault(phase));

    public ShardBatchResult Apply(ShardBatch batch)
    {
        var verdicts = new CompletionVerdict[batch.Completions.Count];
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = Commit(batch.Completions[i]);
        }

        var withdrawn = new bool[batch.Withdrawals.Count];
        for (var i = 0; i < withdrawn.Length; i++)
        {
            withdrawn[i] = Withdraw(batch.Withdrawals[i]);
        }

        var payloads = new string?[batch.Grants.Count];
        for (var i = 0; i < payloads.Length; i++)
        {
            payloads[i] = Grant(batch.Grants[i]);
        }

        return new ShardBatchResult(verdicts, withdrawn, payloads);
    }

    private CompletionVerdict Commit(Completion completion)
    {
        var (lease, output) = completion;
        if (!cells.TryGetValue(lease.Shard, out var cell) || cell.Attempt != lease.Attempt)
        {
            return CompletionVerdict.Fenced;
        }

        if (cell.State == ShardState.Committed && cell.Digest == output.Digest)
        {
            return CompletionVerdict.AlreadyCommitted;
        }

        if (cell.State != ShardState.Leased || !TakesCommits(lease.Shard.Job))
        {
            return CompletionVerdict.Fenced;
        }

        Move(cell, ShardState.Committed);
        cell.Error = null;
        cell.Manifest = output.Manifest;
        cell.Digest = output.Digest;
        cell.Tally = StoredText.Of(output.Tally);
        PhaseOf(cell).Add(output.Tally);
        Closed.Add(new ClosedAttempt(lease, AttemptOutcomes.Committed, null, output.Digest));
        return CompletionVerdict.Committed;
    }

    private bool Withdraw(Withdrawal withdrawal)
    {
        var lease = withdrawal.Lease;
        if (!cells.TryGetValue(lease.Shard, out var cell) || cell.Attempt != lease.Attempt || cell.State != ShardState.Leased)
        {
            return false;
        }

        Move(cell, withdrawal.NewState);
        cell.ReadyAt = withdrawal.NewState == ShardState.Pending ? StoreClock.NotBefore(withdrawal.ReadyAt) : null;
        cell.Failures += withdrawal.AddFailures;
        cell.WorkerDeaths += withdrawal.AddWorkerDeaths;
        cell.Error = StoredText.Clean(withdrawal.Error);
        Closed.Add(new ClosedAttempt(lease, withdrawal.Outcome, cell.Error, null));
        return true;
    }

    private string? Grant(LeaseGrant grant)
    {
        var (lease, worker, silo) = grant;
        if (!cells.TryGetValue(lease.Shard, out var cell)
            || cell.Attempt != lease.Attempt - 1
            || cell.State != ShardState.Pending
            || !TakesGrants(lease.Shard.Job))
        {
            return null;
        }

        Move(cell, ShardState.Leased);
        cell.Attempt = lease.Attempt;
        cell.OwnerSilo = silo;
        cell.OwnerWorker = worker;
        Opened.Add(new OpenedAttempt(lease, worker, silo));
        return cell.Payload;
    }

    /// <summary>Cancelling refuses late commits; an ended job's tally stands in its result and must not move.</summary>
    private bool TakesCommits(JobId job) =>
        jobs.TryGetValue(job, out var state) && state != JobState.Cancelling && !state.IsTerminal();

    /// <summary>A dispatcher may learn of a pause or a cancel after the row says so; the row decides.</summary>
    private bool TakesGrants(JobId job) => TakesCommits(job) && jobs[job] != JobState.Paused;

    private void Move(ShardCell cell, ShardState to)
    {
        PhaseOf(cell).Move(cell.State, to);
        cell.State = to;
        cell.OwnerSilo = null;
        cell.OwnerWorker = null;
        cell.ReadyAt = null;
        cell.Changed = true;
    }

    private PhaseDelta PhaseOf(ShardCell cell)
    {
        var key = new PhaseKey(cell.Key.Job, cell.Key.Phase);
        if (!Phases.TryGetValue(key, out var delta))
        {
            Phases[key] = delta = new PhaseDelta();
        }

        return delta;
    }
}
