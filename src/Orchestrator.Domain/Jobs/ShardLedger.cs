namespace Orchestrator.Domain.Jobs;

/// <summary>
/// The dispatcher's view of one phase of one job: which shard may be leased next, who holds which lease until when, and
/// what follows when a lease ends. The rows in the store are the truth; the ledger decides, the caller writes the decision
/// by compare-and-set, and tells the ledger how that went.
/// </summary>
/// <remarks>
/// <para>Every fact about a shard is ordered by its attempt, and within an attempt <c>leased</c> comes before <c>ended</c>.
/// A fact that is older than what the ledger holds changes nothing, so facts may be applied twice, late, or to a ledger
/// that was read from the rows while the write was under way.</para>
/// <para>Between a decision and its <see cref="Settled"/> (and between <see cref="TryTake"/> and <see cref="Granted"/>) a
/// shard is not offered again. Where a write was refused and the ledger cannot tell why, <see cref="IsStale"/> becomes
/// true: read the rows again and build a new ledger.</para>
/// <para>A worker's death counts against the shards that it was working on (<see cref="Begin"/>), not against those that it had
/// been given in advance (<see cref="Await"/>). A shard whose workers have died so often that one more death may quarantine it is a suspect, begun or
/// not: the caller gives it to a worker that begins it at once and holds no other suspect, so that a shard that kills its
/// workers takes no neighbour into quarantine with it. Until then lost shards are leased again as fast as any.</para>
/// <para>Cost: 12 bytes a shard, 2 bits for the ready sets, and a few dozen bytes for each live lease or back-off. Operations
/// take O(log n); sweeps touch what is due and nothing else. Not thread-safe.</para>
/// </remarks>
public sealed partial class ShardLedger
{
    private readonly Cell[] cells;
    private readonly int[] counts = new int[5];
    private readonly RetryPolicy policy;
    private readonly IndexSet ready;
    private readonly IndexSet readySuspects;
    private readonly Dictionary<int, DateTimeOffset> delayed = [];
    private readonly PriorityQueue<int, DateTimeOffset> wakeUps = new();
    private readonly Dictionary<int, Lease> leases = [];
    private readonly Dictionary<LeaseOwner, HashSet<int>> owners = [];
    private readonly PriorityQueue<LedgerTake, DateTimeOffset> deadlines = new();
    private int inFlight;
    private int taken;

    /// <summary>Builds the ledger from rows. Leases found there run for a full time to live from now: who holds them could not renew while nobody listened.</summary>
    /// <param name="rows">One per shard, ordered by index, dense from 0.</param>
    /// <param name="policy">When shards are tried again.</param>
    /// <param name="now">The time.</param>
    /// <param name="ttl">Time to live of a lease.</param>
    /// <exception cref="ArgumentException">The indices are not 0, 1, 2, ..., or a leased row names no owner.</exception>
    public ShardLedger(IReadOnlyList<LedgerRow> rows, RetryPolicy policy, DateTimeOffset now, TimeSpan ttl)
    {
        this.policy = policy;
        cells = new Cell[rows.Count];
        ready = new IndexSet(rows.Count);
        readySuspects = new IndexSet(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            if (row.Index != i)
            {
                throw new ArgumentException($"Row {i} has index {row.Index}; indices must be dense from 0.", nameof(rows));
            }

            cells[i] = new Cell
            {
                Attempt = row.Attempt,
                State = row.State,
                Failures = Saturate(row.Failures),
                Deaths = Saturate(row.WorkerDeaths),
                Exposed = Saturate(row.WorkerDeaths),
            };
            counts[(int)row.State]++;
            if (row.State == ShardState.Pending)
            {
                Enqueue(i, row.ReadyAt > now ? row.ReadyAt : null);
            }
            else if (row.State == ShardState.Leased)
            {
                Hold(i, row.Attempt, row.Owner ?? throw new ArgumentException($"Row {i} is leased and names no owner.", nameof(rows)), now + ttl, begun: null);
            }
        }
    }

    /// <summary>Shards by state. A grant under way counts as pending, a withdrawal under way as what it leads to.</summary>
    public LedgerCounts Counts => new(
        counts[(int)ShardState.Pending],
        counts[(int)ShardState.Leased],
        counts[(int)ShardState.Committed],
        counts[(int)ShardState.Failed],
        counts[(int)ShardState.Quarantined]);

    /// <summary>Slots that this phase takes up: leases, and grants under way.</summary>
    public int Occupied => counts[(int)ShardState.Leased] + taken;

    /// <summary>True where every shard is terminal and nothing is under way.</summary>
    public bool IsDrained => inFlight == 0 && Counts is { Pending: 0, Leased: 0 };

    /// <summary>True where the rows are known to differ from this ledger.</summary>
    public bool IsStale { get; private set; }

    /// <summary>When the next back-off or lease ends; null where none does. May be early, never late.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            DateTimeOffset? due = wakeUps.TryPeek(out _, out var wake) ? wake : null;
            return deadlines.TryPeek(out _, out var deadline) && !(due <= deadline) ? deadline : due;
        }
    }

    /// <summary>True where <see cref="TryTake"/> would give a shard.</summary>
    /// <param name="suspects">Whether suspects are looked at too.</param>
    public bool HasReady(DateTimeOffset now, bool suspects = true)
    {
        Wake(now);
        return ready.Count > 0 || (suspects && readySuspects.Count > 0);
    }

    /// <summary>True where a suspect waits to be taken.</summary>
    public bool HasReadySuspect(DateTimeOffset now)
    {
        Wake(now);
        return readySuspects.Count > 0;
    }

    /// <summary>Picks the ready shard with the lowest index. It must be followed by <see cref="Granted"/> or <see cref="GrantRefused"/>.</summary>
    /// <param name="now">The time.</param>
    /// <param name="take">What was picked.</param>
    /// <param name="suspects">Whether a suspect may be picked.</param>
    public bool TryTake(DateTimeOffset now, out LedgerTake take, bool suspects = true)
    {
        Wake(now);
        var index = ready.Min();
        if (suspects && readySuspects.Min() is >= 0 and var suspect && (index < 0 || suspect < index))
        {
            index = suspect;
        }

        if (index < 0)
        {
            take = default;
            return false;
        }

        ready.Remove(index);
        readySuspects.Remove(index);
        cells[index].Flag = Flag.Taken;
        inFlight++;
        taken++;
        take = new LedgerTake(index, cells[index].Attempt + 1);
        return true;
    }

    /// <summary>The grant is stored.</summary>
    public void Granted(LedgerTake take, LeaseOwner owner, DateTimeOffset now, TimeSpan ttl)
    {
        if ((uint)take.Index >= (uint)cells.Length)
        {
            IsStale = true;
            return;
        }

        ref var cell = ref cells[take.Index];
        if (take.Attempt <= cell.Attempt)
        {
            return;
        }

        Detach(take.Index);
        cell.Attempt = take.Attempt;
        Move(ref cell, ShardState.Leased);
        Hold(take.Index, take.Attempt, owner, now + ttl, begun: false);
    }

    /// <summary>The row was not as this ledger thought.</summary>
    public void GrantRefused(LedgerTake take)
    {
        if ((uint)take.Index >= (uint)cells.Length || cells[take.Index].Attempt < take.Attempt)
        {
            IsStale = true;
        }
    }

    /// <summary>Extends a lease.</summary>
    public RenewVerdict Renew(int index, int attempt, LeaseOwner owner, DateTimeOffset now, TimeSpan ttl)
    {
        if ((uint)index >= (uint)cells.Length || attempt > cells[index].Attempt)
        {
            return RenewVerdict.Unknown;
        }

        if (!leases.TryGetValue(index, out var lease) || lease.Attempt != attempt || lease.Owner != owner)
        {
            return RenewVerdict.NotHeld;
        }

        // The deadline queue is not touched: an entry that comes up too early is put back with the right time.
        lease.Deadline = now + ttl;
        return RenewVerdict.Renewed;
    }

    /// <summary>The worker works on this lease, or does so as soon as it hears of it. Nothing happens where the lease is not live.</summary>
    public void Begin(int index, int attempt, LeaseOwner owner)
    {
        if (leases.TryGetValue(index, out var lease) && lease.Attempt == attempt && lease.Owner == owner)
        {
            lease.Begun = true;
        }
    }

    /// <summary>The worker holds this lease and has not begun it. Nothing happens where the lease is not live or is known to be begun.</summary>
    public void Await(int index, int attempt, LeaseOwner owner)
    {
        if (leases.TryGetValue(index, out var lease) && lease.Attempt == attempt && lease.Owner == owner)
        {
            lease.Begun ??= false;
        }
    }

    /// <summary>True for a shard that one more worker's death may quarantine, until it commits.</summary>
    public bool IsSuspect(int index) => cells[index].Exposed >= Math.Max(1, policy.MaxWorkerDeaths - 1);

    /// <summary>True where a live lease of this owner is of a suspect.</summary>
    public bool HoldsSuspect(LeaseOwner owner) => owners.TryGetValue(owner, out var held) && held.Any(IsSuspect);

    /// <summary>
    /// The store has committed this attempt. True where the ledger now shows it committed; false for an attempt that the
    /// ledger knows to be over.
    /// </summary>
    public bool Commit(int index, int attempt)
    {
        if ((uint)index >= (uint)cells.Length)
        {
            IsStale = true;
            return false;
        }

        ref var cell = ref cells[index];
        if (attempt == cell.Attempt && cell.State == ShardState.Committed)
        {
            return true;
        }

        var current = attempt == cell.Attempt && (cell.State == ShardState.Leased || cell.Flag == Flag.Unsettled);
        if (!current && attempt <= cell.Attempt)
        {
            IsStale |= attempt == cell.Attempt;
            return false;
        }

        Detach(index);
        cell.Attempt = attempt;
        Move(ref cell, ShardState.Committed);
        return true;
    }

    /// <summary>The worker reports a failure. Null where the attempt is not a live lease: a repeat, or fenced.</summary>
    /// <param name="chance">Uniform in [0, 1), for the back-off.</param>
    public LedgerDecision? Fail(int index, int attempt, FailureKind kind, string error, DateTimeOffset now, double chance) =>
        IsLive(index, attempt)
            ? Decide(index, policy.OnFailure(kind, cells[index].Failures, chance), kind == FailureKind.Infrastructure ? "lost" : "failed", error, now)
            : null;

    /// <summary>The worker hands a lease back unworked.</summary>
    public LedgerDecision? Release(int index, int attempt, DateTimeOffset now) =>
        IsLive(index, attempt) ? Decide(index, policy.OnLoss(workerDied: false, 0), "released", null, now) : null;

    /// <summary>The worker never began this lease (the reply that carried it was lost), or no longer knows of it.</summary>
    public LedgerDecision? Lose(int index, int attempt, string error, DateTimeOffset now) =>
        IsLive(index, attempt) ? Decide(index, policy.OnLoss(workerDied: false, 0), "lost", error, now) : null;

    /// <summary>Takes back every lease whose time to live is over. Counts as a worker's death for what the worker had begun.</summary>
    public IReadOnlyList<LedgerDecision> Expire(DateTimeOffset now)
    {
        List<LedgerDecision>? decisions = null;
        while (deadlines.TryPeek(out var entry, out var due) && due <= now)
        {
            deadlines.Dequeue();
            if (!leases.TryGetValue(entry.Index, out var lease) || lease.Attempt != entry.Attempt)
            {
                continue;
            }

            if (lease.Deadline > now)
            {
                deadlines.Enqueue(entry, lease.Deadline);
                continue;
            }

            (decisions ??= []).Add(Lost(entry.Index, lease, died: true, $"Worker '{lease.Owner.Worker}' did not renew its lease in time", now));
        }

        return decisions ?? (IReadOnlyList<LedgerDecision>)[];
    }

    /// <summary>Takes back every lease of a silo that has left the cluster.</summary>
    /// <param name="died">True where it counts as a worker's death for what the worker had begun.</param>
    public IReadOnlyList<LedgerDecision> OwnerLost(string silo, bool died, DateTimeOffset now)
    {
        List<LedgerDecision>? decisions = null;
        foreach (var owner in owners.Keys.Where(owner => owner.Silo == silo).ToArray())
        {
            foreach (var index in owners[owner].Order().ToArray())
            {
                (decisions ??= []).Add(Lost(index, leases[index], died, $"Worker '{owner.Worker}' was lost with its process", now));
            }
        }

        return decisions ?? (IReadOnlyList<LedgerDecision>)[];
    }

    /// <summary>Tells how the write of a decision went.</summary>
    /// <param name="took">False where the row was no longer leased under that attempt.</param>
    public void Settled(LedgerDecision decision, bool took)
    {
        if ((uint)decision.Index >= (uint)cells.Length)
        {
            IsStale = true;
            return;
        }

        ref var cell = ref cells[decision.Index];
        var open = decision.Attempt == cell.Attempt && (cell.State == ShardState.Leased || cell.Flag == Flag.Unsettled);
        if (!took)
        {
            IsStale |= open && cell.Flag == Flag.Unsettled;
        }
        else if (open || decision.Attempt > cell.Attempt)
        {
            // Perhaps decided by an earlier ledger, from rows that were read before the write.
            Detach(decision.Index);
            cell.Attempt = decision.Attempt;
            cell.Failures = Saturate(cell.Failures + decision.AddFailures);
            cell.Deaths = Saturate(cell.Deaths + decision.AddWorkerDeaths);
            cell.Exposed = Math.Max(cell.Exposed, cell.Deaths);
            Move(ref cell, decision.NewState);
            if (cell.State == ShardState.Pending)
            {
                Enqueue(decision.Index, decision.ReadyAt);
            }
        }
    }

    /// <summary>A write ended without an answer: what it did is not known.</summary>
    public void Invalidate() => IsStale = true;

    /// <summary>Silos that hold leases.</summary>
    public IEnumerable<string> OwnerSilos() => owners.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key.Silo).Distinct();

    /// <summary>Live leases of one owner; a copy.</summary>
    public IReadOnlyList<LedgerLease> LeasesOf(LeaseOwner owner) =>
        owners.TryGetValue(owner, out var held)
            ? held.Select(index => new LedgerLease(index, leases[index].Attempt, owner)).ToArray()
            : [];

    /// <summary>The shard as this ledger sees it, in the form of a row.</summary>
    public LedgerRow this[int index]
    {
        get
        {
            var cell = cells[index];
            return new LedgerRow(
                index,
                cell.State,
                cell.Attempt,
                leases.TryGetValue(index, out var lease) ? lease.Owner : null,
                delayed.TryGetValue(index, out var at) ? at : null,
                cell.Failures,
                cell.Deaths);
        }
    }
}
