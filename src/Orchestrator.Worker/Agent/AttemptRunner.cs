using System.Diagnostics;
using Orchestrator.Contracts.Dispatch;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Agent;

/// <summary>
/// Works one lease on a slot: finds its executor and its job's order, runs it, and files what came of it. Every attempt that
/// does not end as a filed completion is discarded here, because nobody else will delete its files.
/// </summary>
internal sealed partial class AttemptRunner(
    ExecutorCatalog executors,
    JobOrders orders,
    IDispatchClient client,
    ControlPlaneRetry retry,
    LeaseBook book,
    PrefetchGauge gauge,
    WorkerInstruments instruments,
    TimeProvider time,
    ILogger<AttemptRunner> logger)
{
    /// <summary>Works a lease, unless it was lost while it waited. Never throws.</summary>
    public async Task RunAsync(HeldLease lease, string device)
    {
        var start = time.GetTimestamp();
        if (!book.TryStart(lease, start))
        {
            return;
        }

        try
        {
            using var scope = AttemptTrace.BeginScope(logger, lease.Grant);
            using var activity = AttemptTrace.Start(lease.Grant, device);
            var end = await WorkAsync(lease, device, start, activity);
            LogEnded(end, device, time.GetElapsedTime(start).TotalSeconds);
            instruments.OnAttempt(end);
            if (end == AttemptEnd.Completed)
            {
                gauge.Observe(time.GetElapsedTime(start));
            }
        }
        finally
        {
            book.End(lease);
        }
    }

    /// <summary>Deletes the output of an attempt. Never throws: what it leaves is private to the attempt and harmless.</summary>
    /// <param name="executor">Executor of the attempt.</param>
    /// <param name="work">The attempt; null where it had not begun, so that there is nothing to delete.</param>
    public async Task DiscardAsync(IShardExecutor executor, ShardWork? work)
    {
        if (work is null)
        {
            return;
        }

        try
        {
            await executor.DiscardAsync(work);
        }
        catch (Exception e)
        {
            LogDiscardFailed(work.Lease, e);
        }
    }

    private async Task<AttemptEnd> WorkAsync(HeldLease lease, string device, long start, Activity? activity)
    {
        var grant = lease.Grant;
        var executor = executors.Find(grant.Kind, grant.Lease.Phase);
        if (executor is null)
        {
            return Fail(lease, device, new ShardFailure(FailureKind.Fatal, executors.Missing(grant.Kind, grant.Lease.Phase)), activity);
        }

        ShardWork? work = null;
        ShardOutcome outcome;
        try
        {
            var order = await orders.GetAsync(grant.Lease.Job, lease.Token);
            work = new ShardWork(grant.Lease.ToKey(), grant.Payload, order, new CommittedReader(order.Id, client, retry));
            outcome = await executor.ExecuteAsync(work, lease.Token)
                ?? throw new InvalidOperationException($"{executor.GetType().Name} returned no outcome.");
        }
        catch (OperationCanceledException) when (lease.Token.IsCancellationRequested)
        {
            await DiscardAsync(executor, work);
            book.Stopped(lease);
            activity?.SetStatus(ActivityStatusCode.Error, "stopped");
            return AttemptEnd.Stopped;
        }
        catch (OutOfMemoryException e)
        {
            outcome = ShardOutcome.Failed(FailureKind.Resource, $"Out of memory: {e.Message}", e.ToString());
        }
        catch (Exception e)
        {
            LogThrew(grant.Lease.ToKey(), e);
            outcome = ShardOutcome.Failed(FailureKind.Transient, $"{e.GetType().Name}: {e.Message}", e.ToString());
        }

        if (outcome.Output is { } output)
        {
            var report = new ShardCompletion(
                lease.Ref, output.Manifest, output.Digest, new Dictionary<string, long>(output.Tally), time.GetElapsedTime(start), device);
            if (book.Complete(lease, new FinishedAttempt(report, work!, executor)))
            {
                return AttemptEnd.Completed;
            }

            // The lease was lost just before the end; this completion was never sent, so nothing can have committed it.
            await DiscardAsync(executor, work);
            return AttemptEnd.Stopped;
        }

        await DiscardAsync(executor, work);
        return Fail(lease, device, outcome.Failure!, activity);
    }

    private AttemptEnd Fail(HeldLease lease, string device, ShardFailure failure, Activity? activity)
    {
        activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
        var spoilt = failure.Spoilt?.Select(s => new SpoiltShard(s.Phase, s.Index, s.Attempt, s.Problem)).ToArray();
        return book.Fail(lease, new ShardFault(lease.Ref, failure.Kind, failure.Message, failure.Detail, device, spoilt))
            ? AttemptEnd.Failed
            : AttemptEnd.Stopped;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Attempt ended: {End} on {Device} after {Seconds:F3} s")]
    private partial void LogEnded(AttemptEnd end, string device, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Executor of {Lease} threw; the attempt is reported as failed")]
    private partial void LogThrew(LeaseKey lease, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Output of {Lease} could not be deleted and stays on disk")]
    private partial void LogDiscardFailed(LeaseKey lease, Exception exception);
}
