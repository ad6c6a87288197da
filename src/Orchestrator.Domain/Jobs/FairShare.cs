namespace Orchestrator.Domain.Jobs;

/// <summary>How well a job suits the worker that asks.</summary>
public enum JobFit
{
    /// <summary>It has nothing ready, or the worker cannot do it.</summary>
    None,

    /// <summary>The worker can do it.</summary>
    Cold,

    /// <summary>The worker can do it and has its models loaded.</summary>
    Warm,
}

/// <summary>A job in the queue.</summary>
/// <param name="Priority">1 (low) to 5 (high).</param>
/// <param name="SubmittedAt">Start of its waiting.</param>
/// <param name="Shards">Shards of its phase; those of a large one give its tenant no head start.</param>
public sealed record FairShareJob(JobId Id, string Tenant, int Priority, DateTimeOffset SubmittedAt, int Shards = int.MaxValue);

/// <summary>Knobs of <see cref="FairShare"/>.</summary>
public sealed record FairShareOptions
{
    /// <summary>Share of each tenant relative to the others, above 0. Tenants not named here have <see cref="DefaultWeight"/>.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of tenants that <see cref="Weights"/> does not name. Default: 1.</summary>
    public double DefaultWeight { get; init; } = 1;

    /// <summary>Waiting time that is worth one level of priority. Default: 10 minutes.</summary>
    public TimeSpan AgeingStep { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How far, in virtual time (cost over weight), a job with warm models may go ahead of its tenant's turn. Default: 2. 0 turns the preference off between tenants.</summary>
    public double WarmLead { get; init; } = 2;

    /// <summary>
    /// A tenant which owes nothing and comes, or comes back, with a job of at most so many shards may take them at once. They are
    /// booked as all others, so it pays for them afterwards. 0 (default) turns the head start off.
    /// </summary>
    public int HeadStart { get; init; }
}

/// <summary>
/// Decides whose job gets the next lease: start-time fair queueing over tenants (Goyal, Vin, Cheng, "Start-time Fair
/// Queueing", SIGCOMM 1996), priority with ageing inside a tenant.
/// </summary>
/// <remarks>
/// <para>Each tenant has a tag, its virtual time; being served for cost c moves it on by c / weight, and the lowest tag is
/// next. Over any time in which two tenants always have work, their services divided by their weights differ by no more
/// than one charge of each. A tenant that was idle starts at the clock (the lowest tag served last): idleness saves no credit.
/// Example: weights 2 and 1, unit costs: a, b, a, a, b, a, a, b, ...</para>
/// <para>With <see cref="FairShareOptions.HeadStart"/> = n a tenant that comes with a job of at most n shards takes them before its
/// turn and owes them: the bound above grows by n charges, and a tenant that leaves and comes back gets a new head start only
/// once the clock has reached its tag, so over time it has no more than its share. Such a job waits only for slots to become
/// free, however much other tenants have queued: it is delayed by no more than one of their shards. Jobs that are larger have
/// none, or two of them would hold each other's up.</para>
/// <para>Inside a tenant the order is by <c>SubmittedAt - Priority * AgeingStep</c>, then by id. It never changes while a
/// job waits, and every job overtakes all that are submitted late enough, whatever their priority: nothing starves.</para>
/// <para>Where models are warm on the asking worker, a job may be taken before its turn: by at most
/// <see cref="FairShareOptions.WarmLead"/> between tenants and by one level of priority inside one.</para>
/// <para>Cost: O(log tenants) a charge; a choice looks at tenants and jobs in order until one fits.</para>
/// </remarks>
public sealed class FairShare(FairShareOptions options)
{
    private readonly Dictionary<JobId, FairShareJob> jobs = [];
    private readonly Dictionary<string, Tenant> tenants = new(StringComparer.Ordinal);
    private readonly SortedSet<Tenant> order = new(Comparer<Tenant>.Create((a, b) =>
        a.Tag != b.Tag ? a.Tag.CompareTo(b.Tag) : string.CompareOrdinal(a.Name, b.Name)));

    private double clock;

    /// <summary>Adds a job, or replaces what is known about it.</summary>
    public void SetJob(FairShareJob job)
    {
        if (jobs.TryGetValue(job.Id, out var old))
        {
            if (old == job)
            {
                return;
            }

            RemoveJob(job.Id);
        }

        jobs[job.Id] = job;
        if (!tenants.TryGetValue(job.Tenant, out var tenant))
        {
            var weight = options.Weights.TryGetValue(job.Tenant, out var given) ? given : options.DefaultWeight;
            tenants[job.Tenant] = tenant = new Tenant(job.Tenant, weight) { Tag = clock };
            order.Add(tenant);
        }

        if (tenant.Jobs.Count == 0 && tenant.Tag <= clock)
        {
            tenant.Ahead = job.Shards <= options.HeadStart ? job.Shards : 0;
        }

        tenant.Jobs.Add((Rank(job), job.Id));
    }

    /// <summary>Removes a job; its tenant's debt stays until the clock has reached it.</summary>
    public void RemoveJob(JobId id)
    {
        if (!jobs.Remove(id, out var job))
        {
            return;
        }

        tenants[job.Tenant].Jobs.Remove((Rank(job), id));
        foreach (var idle in tenants.Values.Where(tenant => tenant.Jobs.Count == 0 && tenant.Tag <= clock).ToArray())
        {
            tenants.Remove(idle.Name);
            order.Remove(idle);
        }
    }

    /// <summary>The job whose turn it is among those that fit; null where none does. Must be followed by <see cref="Charge"/> where a lease comes of it.</summary>
    /// <param name="fit">Judges a job for the worker that asks.</param>
    public JobId? Next(Func<JobId, JobFit> fit)
    {
        if (NextAhead(fit) is { } ahead)
        {
            return ahead;
        }

        JobId? best = null;
        var bestTag = 0d;
        foreach (var tenant in order)
        {
            var tag = Math.Max(tenant.Tag, clock);
            if (best is not null && tag > bestTag + options.WarmLead)
            {
                break;
            }

            var (first, warm) = Pick(tenant, fit);
            if (best is null && first is not null)
            {
                (best, bestTag) = (first, tag);
            }

            if (warm is not null)
            {
                best = warm;
                break;
            }
        }

        if (best is not null)
        {
            clock = Math.Max(clock, bestTag);
        }

        return best;
    }

    /// <summary>A job of a tenant in its head start. The clock stands still: it is the time of those who wait for their turn.</summary>
    private JobId? NextAhead(Func<JobId, JobFit> fit)
    {
        if (options.HeadStart == 0)
        {
            return null;
        }

        foreach (var tenant in order)
        {
            if (tenant.Ahead > 0 && Pick(tenant, fit) is { First: { } first } picked)
            {
                tenant.Ahead--;
                return picked.Warm ?? first;
            }
        }

        return null;
    }

    /// <summary>The tenant's job whose turn it is, and the one within a level of priority of it whose models are warm.</summary>
    private (JobId? First, JobId? Warm) Pick(Tenant tenant, Func<JobId, JobFit> fit)
    {
        JobId? first = null;
        var firstRank = 0L;
        foreach (var (rank, id) in tenant.Jobs)
        {
            if (first is not null && rank - firstRank > options.AgeingStep.Ticks)
            {
                break;
            }

            var judged = fit(id);
            if (judged == JobFit.None)
            {
                continue;
            }

            if (first is null)
            {
                (first, firstRank) = (id, rank);
            }

            if (judged == JobFit.Warm)
            {
                return (first, id);
            }
        }

        return (first, null);
    }

    /// <summary>Books a lease's cost, or (with a sign) the difference between its true cost and the estimate booked before.</summary>
    /// <param name="tenant">Who pays; one that has left the queue pays nothing.</param>
    /// <param name="cost">Any unit, the same for all; seconds of a worker's slot here.</param>
    public void Charge(string tenant, double cost)
    {
        if (!tenants.TryGetValue(tenant, out var payer))
        {
            return;
        }

        order.Remove(payer);
        payer.Tag = Math.Max(payer.Tag, clock) + (cost / payer.Weight);
        order.Add(payer);
    }

    private long Rank(FairShareJob job) => job.SubmittedAt.UtcTicks - (job.Priority * options.AgeingStep.Ticks);

    private sealed class Tenant(string name, double weight)
    {
        public string Name => name;

        public double Weight => weight;

        public double Tag { get; set; }

        /// <summary>Leases of its head start that are left.</summary>
        public int Ahead { get; set; }

        public SortedSet<(long Rank, JobId Id)> Jobs { get; } = new(Comparer<(long Rank, JobId Id)>.Create((a, b) =>
            a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : string.CompareOrdinal(a.Id.Value, b.Id.Value)));
    }
}
