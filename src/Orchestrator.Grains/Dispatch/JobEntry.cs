using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Dispatch;

/// <summary>What the dispatcher holds in memory about one unfinished job.</summary>
internal sealed class JobEntry(JobId id)
{
    private const double InitialMeanSeconds = 1;
    private const double MeanUpdate = 0.2;

    /// <summary>No shard is free: its exchange cost something.</summary>
    private const double LeastCostSeconds = 0.001;

    private readonly Dictionary<int, double> charges = [];
    private readonly Dictionary<int, (double Estimate, DateTimeOffset At)> held = [];
    private readonly Dictionary<string, long> tally = [];
    private readonly Dictionary<int, (string Reason, long At)> lost = [];
    private readonly List<NewJobEvent> events = [];
    private readonly HashSet<Task> writes = [];
    private List<Action<ShardLedger>>? factsWhileLoading;
    private double meanSeconds = InitialMeanSeconds;
    private int? parallelism;
    private bool moved;
    private int omitted;

    public JobId Id => id;

    /// <summary>The job's row as last read; null before the first load.</summary>
    public JobRecord? Record { get; private set; }

    /// <summary>The ledger of <see cref="Record"/>'s phase.</summary>
    public ShardLedger? Ledger { get; private set; }

    /// <summary>The load under way, or null.</summary>
    public Task? Loading { get; set; }

    /// <summary>Set where the rows changed again during the load.</summary>
    public bool LoadAgain { get; set; }

    /// <summary>Loads that failed are tried again no sooner than this.</summary>
    public DateTimeOffset NextLoadAt { get; set; }

    public bool NoticeUnderWay { get; set; }

    public DateTimeOffset NextNoticeAt { get; set; }

    public int NoticeFailures { get; set; }

    public bool FlushUnderWay { get; set; }

    public DateTimeOffset NextFlushAt { get; set; }

    /// <summary>True where shards may be granted now.</summary>
    public bool IsOpen => Record?.State == JobState.Running && Loading is null && Ledger is { IsStale: false };

    /// <summary>True where it is open and the document's <c>limits.parallelism</c> leaves room for one more.</summary>
    public bool HasRoom => IsOpen && !(parallelism <= Ledger!.Occupied - Freeing);

    /// <summary>Leases that end with the exchange under way; set only while it chooses what to give out.</summary>
    public int Freeing { get; set; }

    /// <summary>True where there is something new for watchers.</summary>
    public bool HasNews => moved || events.Count > 0;

    /// <summary>From here on until <see cref="EndLoad"/> every fact is kept, to be told to the new ledger too.</summary>
    public void BeginLoad() => factsWhileLoading = [];

    /// <summary>Takes over what was read.</summary>
    public void EndLoad(JobRecord record, ShardLedger ledger, IReadOnlyDictionary<string, long> phaseTally)
    {
        if (Record?.Phase != record.Phase)
        {
            lost.Clear();
        }

        // The document never changes, so it is read once.
        parallelism = Record is null ? JobLimits.ParallelismOf(record.Document) : parallelism;
        Record = record;
        Ledger = ledger;
        foreach (var fact in factsWhileLoading ?? [])
        {
            fact(ledger);
        }

        factsWhileLoading = null;
        tally.Clear();
        foreach (var (name, count) in phaseTally)
        {
            tally[name] = count;
        }

        moved = true;
    }

    /// <summary>The load failed; what is in memory stays.</summary>
    public void AbandonLoad() => factsWhileLoading = null;

    /// <summary>Tells the ledger something that the store has confirmed, unless the job has moved on to another phase.</summary>
    public void Tell(string phase, Action<ShardLedger> fact)
    {
        moved = true;
        if (Record?.Phase == phase && Ledger is not null)
        {
            fact(Ledger);
        }

        factsWhileLoading?.Add(ledger =>
        {
            if (Record?.Phase == phase)
            {
                fact(ledger);
            }
        });
    }

    /// <summary>A write that names this job begins; it ends with <see cref="EndWrite"/>.</summary>
    /// <param name="write">Completes when the rows are written, or the write has failed. Never fails.</param>
    public void BeginWrite(Task write) => writes.Add(write);

    /// <summary>It has ended.</summary>
    public void EndWrite(Task write) => writes.Remove(write);

    /// <summary>Completes when the writes that are under way now have ended; those that begin meanwhile are not waited for.</summary>
    public Task WhenWritten() => Task.WhenAll(writes);

    /// <summary>Whether a worker can do this job's shards, and has its models loaded.</summary>
    /// <param name="suspects">Whether it may have a shard that was held by a worker that died.</param>
    public JobFit FitFor(WorkerEntry worker, IReadOnlySet<string> warm, DateTimeOffset now, bool suspects = true)
    {
        if (!HasRoom || !worker.Kinds.Contains(Record!.Kind) || !Ledger!.HasReady(now, suspects))
        {
            return JobFit.None;
        }

        if (Record.RequiredModels.Count == 0 || !Record.ModelPhases.Contains(Record.Phase))
        {
            return JobFit.Cold;
        }

        return !Record.RequiredModels.All(worker.Models.Contains) ? JobFit.None
            : Record.RequiredModels.All(warm.Contains) ? JobFit.Warm
            : JobFit.Cold;
    }

    /// <summary>Estimated cost of a lease in seconds of a slot, remembered until its end.</summary>
    public double ChargeFor(int index) => charges[index] = meanSeconds;

    /// <summary>The lease ended without work done: what to give back.</summary>
    public double Refund(int index) => charges.Remove(index, out var charged) ? -charged : 0;

    /// <summary>The lease ended in a commit: what it cost beyond the estimate.</summary>
    public double Correct(int index, TimeSpan elapsed)
    {
        var cost = Math.Max(LeastCostSeconds, elapsed.TotalSeconds);
        meanSeconds += MeanUpdate * (cost - meanSeconds);
        return charges.Remove(index, out var charged) ? cost - charged : 0;
    }

    /// <summary>A lease begins: by how much the estimate rises that counts against its tenant's quota until the lease ends.</summary>
    public double BeginUsage(int index, DateTimeOffset now)
    {
        // What an earlier grant left behind, whose write ended without an answer, goes with it.
        var rise = meanSeconds - EndUsage(index);
        held[index] = (meanSeconds, now);
        return rise;
    }

    /// <summary>The job is over here: its leases, by estimate and seconds held.</summary>
    public IReadOnlyList<(double Estimate, double Seconds)> TakeHeld(DateTimeOffset now)
    {
        (double, double)[] taken = [.. held.Values.Select(lease => (lease.Estimate, (now - lease.At).TotalSeconds))];
        held.Clear();
        return taken;
    }

    /// <summary>The lease ended: the estimate given back; 0 where it was granted by an earlier activation.</summary>
    public double EndUsage(int index) => held.Remove(index, out var lease) ? lease.Estimate : 0;

    /// <summary>True where the lease's beginning was booked here and its end was not.</summary>
    public bool KnowsUsageOf(int index) => held.ContainsKey(index);

    /// <summary>For how long the lease has held a slot, as far as is known here.</summary>
    public double HeldSeconds(int index, DateTimeOffset now) => held.TryGetValue(index, out var lease) ? (now - lease.At).TotalSeconds : 0;

    /// <summary>A lease was lost at this timestamp; what a worker gave back by itself is not.</summary>
    public void OnLost(int index, string reason, long timestamp)
    {
        if (reason is RequeueReasons.Expired or RequeueReasons.SiloLost or RequeueReasons.Undelivered)
        {
            lost[index] = (reason, timestamp);
        }
    }

    /// <summary>Why and when the shard's last lease was lost, where that was so and has not been asked before.</summary>
    public (string Reason, long At)? TakeLoss(int index) => lost.Remove(index, out var loss) ? loss : null;

    public void AddTally(IReadOnlyDictionary<string, long> shard)
    {
        foreach (var (name, count) in shard)
        {
            tally[name] = tally.GetValueOrDefault(name) + count;
        }
    }

    /// <summary>Keeps an event for the next flush; beyond the limit only counts it.</summary>
    public void AddEvent(NewJobEvent shardEvent, int limit)
    {
        if (events.Count < limit)
        {
            events.Add(shardEvent);
        }
        else
        {
            omitted++;
        }
    }

    /// <summary>What is to be appended to the job's events now; clears it.</summary>
    public IReadOnlyList<NewJobEvent> TakeNews()
    {
        var news = new List<NewJobEvent>(events);
        if (omitted > 0)
        {
            news.Add(JobEvents.Omitted(Record!.Phase, omitted));
        }

        news.Add(JobEvents.Progress(Record!.Phase, Ledger!.Counts, tally));
        events.Clear();
        omitted = 0;
        moved = false;
        return news;
    }

    /// <summary>Lease as the wire names it.</summary>
    public LeaseRef Ref(int index, int attempt) => new(id, Record!.Phase, index, attempt);
}
