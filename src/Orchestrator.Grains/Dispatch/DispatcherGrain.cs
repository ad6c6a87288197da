using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Grains.Jobs;
using Orchestrator.Persistence;
using Orleans.Concurrency;

namespace Orchestrator.Grains.Dispatch;

/// <summary>
/// Matches workers that ask with shards that are ready. Everything it holds comes from the rows when it activates, so it
/// may be lost at any time; every decision is written by compare-and-set before anyone is told of it, so two activations
/// at once do no harm either.
/// </summary>
/// <remarks>
/// This file: life, jobs and workers. <c>DispatcherGrain.Exchange.cs</c>: the exchange. <c>DispatcherGrain.Grant.cs</c>: which
/// shards a worker gets. <c>DispatcherGrain.Hold.cs</c>: idle workers wait there. <c>DispatcherGrain.Quotas.cs</c>: what tenants may
/// have. <c>DispatcherGrain.Ending.cs</c>: jobs that are being cancelled or taken back. <c>DispatcherGrain.Undelivered.cs</c>: replies that were lost. <c>DispatcherGrain.Sweep.cs</c>: lost leases, drained phases, events. Reentrant: calls
/// interleave at each await, so what was read before one is looked up again after it.
/// </remarks>
[RequireRole(SiloRole.Control), Reentrant]
internal sealed partial class DispatcherGrain : Grain, IDispatcherGrain
{
    private static readonly TimeSpan LoadRetryDelay = TimeSpan.FromSeconds(1);

    private readonly IJobStore store;
    private readonly TimeProvider time;
    private readonly DispatchChance chance;
    private readonly DispatchInstruments instruments;
    private readonly ILogger<DispatcherGrain> logger;
    private readonly DispatchOptions options;
    private readonly RetryPolicy retries;
    private readonly TenantsOptions tenants;
    private readonly FairShare fairShare;
    private readonly SlotUsage usage;
    private readonly SiloWatch silos;
    private readonly Dictionary<JobId, JobEntry> jobs = [];
    private readonly Dictionary<string, WorkerEntry> workers = new(StringComparer.Ordinal);

    public DispatcherGrain(
        IJobStore store,
        IClusterMembershipService membership,
        IOptions<DispatchOptions> options,
        IOptions<TenantsOptions> tenants,
        TimeProvider time,
        DispatchChance chance,
        DispatchInstruments instruments,
        ILogger<DispatcherGrain> logger)
    {
        this.store = store;
        this.time = new SteadyTime(time);
        this.chance = chance;
        this.instruments = instruments;
        this.logger = logger;
        this.options = options.Value;
        retries = this.options.ToRetryPolicy();
        this.tenants = tenants.Value;
        fairShare = new FairShare(this.options.ToFairShareOptions(this.tenants));
        usage = new SlotUsage(this.tenants.Window);
        silos = new SiloWatch(membership);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        instruments.OnDispatcherActivated();
        activatedAt = time.GetUtcNow();
        var unfinished = await store.ListUnfinishedAsync(cancellationToken);
        LogActivated(logger, this.GetPrimaryKeyString(), unfinished.Count);
        await LoadUsageAsync(cancellationToken);
        foreach (var id in unfinished)
        {
            try
            {
                await LoadAsync(id);
            }
            catch (Exception)
            {
                // Logged where it failed. One job that cannot be read must not keep the others waiting; the sweep tries again.
            }
        }

        // KeepAlive: leases must be swept while no worker calls.
        this.RegisterGrainTimer(
            SweepAsync,
            new GrainTimerCreationOptions(options.SweepInterval, options.SweepInterval) { Interleave = true, KeepAlive = true });
    }

    /// <summary>The next activation may be in another process; two that report the same queue would double it.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        instruments.SetLevels(null);
        await FlushUsageAsync(time.GetUtcNow());
    }

    public async Task JobChangedAsync(JobId id)
    {
        if (jobs.TryGetValue(id, out var known) && known.Loading is null && known.Ledger is { IsStale: false })
        {
            var record = await store.GetJobAsync(id, CancellationToken.None);
            if (record is not null && record.Version == known.Record?.Version)
            {
                return;
            }
        }

        await LoadAsync(id);

        // A grant that was under way when the job was paused or cancelled has then been written, and can be revoked.
        if (known is not null)
        {
            await known.WhenWritten();
        }
    }

    public Task<WorkerView[]> GetWorkersAsync() =>
        Task.FromResult(workers.Values.Select(worker => worker.ToView()).OrderBy(view => view.Id, StringComparer.Ordinal).ToArray());

    public Task<bool> SetWorkerModeAsync(string workerId, WorkerMode mode)
    {
        if (!workers.TryGetValue(workerId, out var worker))
        {
            return Task.FromResult(false);
        }

        worker.Mode = mode;
        if (mode == WorkerMode.Active)
        {
            worker.UncordonDevices();
        }

        EndHolds();
        return Task.FromResult(true);
    }

    /// <summary>Reads a job's rows; where that is under way already, sees to it that it is read once more from here on.</summary>
    private async Task LoadAsync(JobId id)
    {
        if (!jobs.TryGetValue(id, out var entry))
        {
            jobs[id] = entry = new JobEntry(id);
        }

        if (entry.Loading is { } underWay)
        {
            entry.LoadAgain = true;
            await underWay;
            return;
        }

        entry.Loading = ReadRowsAsync(entry);
        await entry.Loading;
    }

    private async Task ReadRowsAsync(JobEntry entry)
    {
        // The caller has to see Loading set before anything here can finish.
        await Task.Yield();
        try
        {
            do
            {
                entry.LoadAgain = false;
                entry.BeginLoad();
                var record = await store.GetJobAsync(entry.Id, CancellationToken.None);
                if (record is null || record.State.IsTerminal() || record.State == JobState.Cancelling)
                {
                    Forget(entry);
                    NoteEnding(entry.Id, record?.State == JobState.Cancelling);
                    continue;
                }

                var rows = await store.LoadLedgerAsync(entry.Id, record.Phase, CancellationToken.None);
                var counts = await store.CountAsync(entry.Id, CancellationToken.None);
                var tally = counts.FirstOrDefault(count => count.Phase == record.Phase)?.Tally ?? new Dictionary<string, long>();
                var ledger = new ShardLedger([.. rows.Select(ToLedgerRow)], retries, time.GetUtcNow(), options.LeaseTtl);
                entry.EndLoad(record, ledger, tally);
                jobs[entry.Id] = entry;
                fairShare.SetJob(new FairShareJob(record.Id, record.Tenant, record.Priority, record.CreatedAt, ledger.Counts.Total));
                if (ledger.Counts.Pending > 0)
                {
                    EndHolds();
                }

                LogLoaded(logger, entry.Id, record.Phase, ledger.Counts.Pending, ledger.Counts.Leased, ledger.Counts.Total);
            }
            while (entry.LoadAgain);
        }
        catch (Exception exception)
        {
            entry.AbandonLoad();
            entry.Ledger?.Invalidate();
            entry.NextLoadAt = time.GetUtcNow() + LoadRetryDelay;
            LogLoadFailed(logger, exception, entry.Id);
            throw;
        }
        finally
        {
            entry.Loading = null;
        }
    }

    private void Forget(JobEntry entry)
    {
        entry.AbandonLoad();
        EndUsageOf(entry);
        jobs.Remove(entry.Id);
        fairShare.RemoveJob(entry.Id);
    }

    private static LedgerRow ToLedgerRow(ShardRow row) => new(
        row.Index,
        row.State,
        row.Attempt,
        row.State == ShardState.Leased ? new LeaseOwner(row.OwnerSilo!, row.OwnerWorker!) : null,
        row.ReadyAt,
        row.Failures,
        row.WorkerDeaths);
}

/// <summary>Source of the jitter in back-offs.</summary>
/// <param name="Next">Uniform in [0, 1).</param>
internal sealed record DispatchChance(Func<double> Next);
