using Microsoft.Extensions.Logging;
using Orchestrator.Contracts;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Contracts.Placement;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Grains.Jobs;

/// <summary>
/// Moves one job from state to state. Keeps nothing between calls: each call reads the job's row and changes it by
/// compare-and-set on its version, so a second activation or a repeated call does no harm.
/// </summary>
[RequireRole(SiloRole.Control)]
internal sealed partial class JobGrain(IJobStore store, JobPlans plans, IJobPlaces places, ILogger<JobGrain> logger) : Grain, IJobGrain
{
    /// <summary>Lost races after which a call gives up; each one means that another activation has moved the job.</summary>
    private const int MaxRaces = 20;

    private const int CommittedPage = 1000;

    private JobId Id => JobId.Parse(this.GetPrimaryKeyString());

    public async Task EnsureAsync()
    {
        var job = await RepairAsync();
        if (job is not null && !job.State.IsTerminal())
        {
            await AnnounceAsync();
        }
    }

    public Task<CommandResult> PauseAsync() => ExecuteAsync(JobCommand.Pause);

    public Task<CommandResult> ResumeAsync() => ExecuteAsync(JobCommand.Resume);

    public async Task<CommandResult> CancelAsync()
    {
        var result = await ExecuteAsync(JobCommand.Cancel);
        if (result is not { Accepted: true, State: JobState.Cancelling })
        {
            return result;
        }

        var job = await FinishCancelAsync();
        return result with { State = job?.State };
    }

    public async Task<CommandResult> RetryAsync()
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var job = await store.GetJobAsync(Id, CancellationToken.None);
            if (job is null)
            {
                return Unknown();
            }

            var verdict = JobMachine.Judge(job.State, JobCommand.Retry);
            if (!verdict.Accepted)
            {
                return new CommandResult(false, job.State, verdict.Reason);
            }

            var counts = await store.CountAsync(Id, CancellationToken.None);

            // A cancelled job keeps nothing, so it begins anew.
            var anew = job.State == JobState.Cancelled;
            var phase = anew ? counts.FirstOrDefault()?.Phase ?? job.Phase : counts.FirstOrDefault(count => count.Failed + count.Quarantined > 0)?.Phase;
            if (phase is null)
            {
                return new CommandResult(false, job.State, "It has no failed or quarantined shard to run again.");
            }

            var later = LaterThan(phase, job, counts);
            NewJobEvent[] events = [JobEvents.State(JobState.Running, phase), JobEvents.PhaseStarted(phase, null)];
            try
            {
                if (await store.TryRetryAsync(Id, job.Version, phase, anew, later, events, CancellationToken.None) is { } changed)
                {
                    LogState(logger, Id, job.State, changed.State, phase);
                    await AnnounceAsync();
                    return new CommandResult(true, changed.State, null);
                }
            }
            catch (OutputClaimedException claimed)
            {
                // Another tenant's job is not named: that some job writes there is all that may be said.
                var holder = claimed.Holder is { } id ? await store.GetJobAsync(id, CancellationToken.None) : null;
                return new CommandResult(false, job.State, holder?.Tenant == job.Tenant ? claimed.Message : "A job that has not ended writes to the same output; wait for its end.");
            }
        }

        throw TooManyRaces();
    }

    public async Task PhaseDrainedAsync(string phase)
    {
        var job = await RepairAsync();
        if (job is { State: JobState.Running } && job.Phase == phase)
        {
            await AdvanceAsync(job);
        }

        // Also where nothing was to be done: the caller's view is then behind the rows.
        await AnnounceAsync();
    }

    public async Task<JobOrder> GetOrderAsync()
    {
        var job = await store.GetJobAsync(Id, CancellationToken.None)
            ?? throw new InvalidOperationException($"There is no job '{Id}'.");
        return new JobOrder(job.Id, job.Kind, job.Document, job.DocumentHash);
    }

    public async Task<CommittedView[]> GetCommittedAsync(string phase, int fromIndex)
    {
        var shards = await store.ListCommittedAsync(Id, phase, fromIndex, CommittedPage, CancellationToken.None);
        return [.. shards.Select(shard => new CommittedView(shard.Index, shard.Attempt, shard.Manifest, shard.Digest))];
    }

    public async Task<PhaseView[]> GetPhasesAsync()
    {
        var counts = await store.CountAsync(Id, CancellationToken.None);
        return
        [
            .. counts.Select(count => new PhaseView(
                count.Phase, count.Pending, count.Leased, count.Committed, count.Failed, count.Quarantined, new(count.Tally))),
        ];
    }

    /// <summary>Finishes what a call before this one began and did not end.</summary>
    private async Task<JobRecord?> RepairAsync()
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var job = await store.GetJobAsync(Id, CancellationToken.None);
            switch (job?.State)
            {
                case JobState.Pending:
                    if (await ChangeAsync(job, JobState.Running, null, JobEvents.PhaseStarted(job.Phase, null)) is { } started)
                    {
                        return started;
                    }

                    break;

                case JobState.Planning:
                    await AdvanceAsync(job);
                    break;

                case JobState.Cancelling:
                    return await FinishCancelAsync();

                default:
                    return job;
            }
        }

        throw TooManyRaces();
    }

    /// <summary>
    /// Phases made from a phase's output. Both orders are asked: the plan's for phases that have rows no more, the rows' for phases
    /// that the plan no longer names.
    /// </summary>
    private string[] LaterThan(string phase, JobRecord job, IReadOnlyList<PhaseCounts> counts) =>
    [
        .. (plans.Find(job.Kind)?.Phases ?? []).SkipWhile(name => name != phase).Skip(1)
            .Union(counts.SkipWhile(count => count.Phase != phase).Skip(1).Select(count => count.Phase)),
    ];

    private async Task<CommandResult> ExecuteAsync(JobCommand command)
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var job = await store.GetJobAsync(Id, CancellationToken.None);
            if (job is null)
            {
                return Unknown();
            }

            if (job.State == JobState.Planning && command != JobCommand.Cancel)
            {
                await AdvanceAsync(job);
                continue;
            }

            var verdict = JobMachine.Judge(job.State, command);
            if (!verdict.Accepted || verdict.State == job.State)
            {
                return new CommandResult(verdict.Accepted, job.State, verdict.Reason);
            }

            // A job paused before it began begins when it is resumed.
            NewJobEvent[] events = verdict.State == JobState.Running && job.StartedAt is null
                ? [JobEvents.PhaseStarted(job.Phase, null)]
                : [];
            if (await ChangeAsync(job, verdict.State, job.Error, events) is { } changed)
            {
                await AnnounceAsync();
                return new CommandResult(true, changed.State, null);
            }
        }

        throw TooManyRaces();
    }

    /// <summary>
    /// Takes the leases away, waits for the attempts to end, clears what they left, then ends. The dispatcher has been told before,
    /// so that it grants no more in between. While an attempt may be at work the job stays cancelling, and its output claimed: the
    /// dispatcher calls again when none is.
    /// </summary>
    private async Task<JobRecord?> FinishCancelAsync()
    {
        for (var race = 0; race < MaxRaces; race++)
        {
            var job = await store.GetJobAsync(Id, CancellationToken.None);
            if (job?.State != JobState.Cancelling)
            {
                return job;
            }

            await AnnounceAsync();
            await store.RevokeLeasesAsync(Id, CancellationToken.None);
            if (await IsAtWorkAsync())
            {
                return job;
            }

            await ClearAsync(job);
            if (await ChangeAsync(job, JobState.Cancelled, job.Error) is { } cancelled)
            {
                return cancelled;
            }
        }

        throw TooManyRaces();
    }

    private async Task<bool> IsAtWorkAsync()
    {
        try
        {
            return await GrainFactory.GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool).IsAtWorkAsync(Id);
        }
        catch (Exception exception)
        {
            // A dispatcher that is away comes back and calls; until then nobody knows, and the claim stays.
            LogNotAsked(logger, exception, Id);
            return true;
        }
    }

    /// <summary>Deletes what the attempts of a cancelled job left. Its place bears its id, so what cannot be deleted is in nobody's way.</summary>
    private async Task ClearAsync(JobRecord job)
    {
        try
        {
            await places.ClearAsync(job, CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotCleared(logger, exception, Id, job.OutputKey);
        }
    }

    /// <summary>From a drained phase to the next one or to the end. Does nothing where shards are still open or the race is lost.</summary>
    private async Task AdvanceAsync(JobRecord job)
    {
        using var scope = logger.BeginScope("job {Job}", Id);
        using var trace = JobTrace.Start(
            TelemetryNames.AdvanceSpan, job.Trace, tags: [new(JobTrace.JobTag, Id.Value), new(JobTrace.PhaseTag, job.Phase)]);
        var finished = (await store.CountAsync(Id, CancellationToken.None)).Select(count => count.ToSummary()).ToList();
        var current = finished.FindIndex(summary => summary.Phase == job.Phase);
        if (current < 0)
        {
            // A phase without shards has no rows to count.
            finished.Add(new PhaseSummary(job.Phase, 0, 0, 0, 0, new Dictionary<string, long>()));
            current = finished.Count - 1;
        }

        if (!finished[current].IsDrained)
        {
            if (job.State == JobState.Planning)
            {
                await ChangeAsync(job, JobState.Running, null);
            }

            return;
        }

        if (job.State == JobState.Running)
        {
            var planning = await ChangeAsync(job, JobState.Planning, null, JobEvents.PhaseFinished(finished[current]));
            if (planning is null)
            {
                return;
            }

            job = planning;
        }

        switch (Plan(job, finished[..(current + 1)]))
        {
            case PhaseStep.Start start:
                trace?.SetTag("orchestrator.next", start.Phase);
                NewJobEvent[] events =
                    [JobEvents.PhaseStarted(start.Phase, start.Shards.Count), JobEvents.State(JobState.Running, start.Phase)];
                if (await store.TryStartPhaseAsync(Id, job.Version, start.Phase, start.Shards, events, CancellationToken.None) is not null)
                {
                    LogState(logger, Id, job.State, JobState.Running, start.Phase);
                }

                break;

            case PhaseStep.End end:
                await ChangeAsync(job, end.State, end.Error);
                break;
        }
    }

    /// <summary>Asks the plan. A plan that throws has a bug; the job fails with its message rather than hang for ever.</summary>
    private PhaseStep Plan(JobRecord job, IReadOnlyList<PhaseSummary> finished)
    {
        var plan = plans.Find(job.Kind);
        if (plan is null)
        {
            return new PhaseStep.End(JobState.Failed, $"This server has no plan for jobs of kind '{job.Kind}'.");
        }

        try
        {
            var step = plan.Next(job.Document, finished);
            return step is PhaseStep.End end && !JobMachine.CanMove(JobState.Planning, end.State)
                ? throw new InvalidOperationException($"A plan cannot end a job as {end.State}.")
                : step;
        }
        catch (Exception exception)
        {
            LogPlanFailed(logger, exception, Id, job.Phase);
            return new PhaseStep.End(JobState.Failed, $"The plan could not say what follows phase '{job.Phase}': {exception.Message}");
        }
    }

    private async Task<JobRecord?> ChangeAsync(JobRecord job, JobState to, string? error, params NewJobEvent[] events)
    {
        if (!JobMachine.CanMove(job.State, to))
        {
            throw new InvalidOperationException($"Job '{Id}' cannot go from {job.State} to {to}.");
        }

        var changed = await store.TryChangeAsync(
            new JobChange(Id, job.Version, to, error, [JobEvents.State(to, job.Phase, error), .. events]), CancellationToken.None);
        if (changed is not null)
        {
            LogState(logger, Id, job.State, to, job.Phase);
        }

        return changed;
    }

    /// <summary>Tells the dispatcher. The rows say it all, so a failure here only costs time.</summary>
    private async Task AnnounceAsync()
    {
        try
        {
            await GrainFactory.GetGrain<IDispatcherGrain>(IDispatcherGrain.DefaultPool).JobChangedAsync(Id);
        }
        catch (Exception exception)
        {
            LogNotAnnounced(logger, exception, Id);
        }
    }

    private CommandResult Unknown() => new(false, null, $"There is no job '{Id}'.");

    private InvalidOperationException TooManyRaces() => new($"Job '{Id}' changed {MaxRaces} times under this call; try again.");
}
