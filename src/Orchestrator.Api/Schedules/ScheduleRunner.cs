using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Schedules;

/// <summary>
/// Submits the jobs of ticks that are due. Any number of processes may run it: one takes a schedule at a time, and the job's
/// idempotency key names the tick, so that a tick makes one job even where its taker died between submitting and saying so.
/// Ticks that were missed make one job together, under the name of the first.
/// </summary>
internal sealed partial class ScheduleRunner(IScheduleStore store, IJobSubmitter submitter, TimeProvider time, ILogger<ScheduleRunner> logger)
{
    /// <summary>Longer than a submission takes: planning may look at a hundred thousand files.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>Deals with everything that is due now; returns the number of ticks that ended.</summary>
    public async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var ended = 0;
        while (await store.TakeDueScheduleAsync(Lease, cancellationToken) is { } due)
        {
            ended += await RunAsync(due, cancellationToken) ? 1 : 0;
        }

        return ended;
    }

    private async Task<bool> RunAsync(ScheduleRecord due, CancellationToken cancellationToken)
    {
        try
        {
            using var document = ScheduleDocument.At(due.Document, due.NextAt);
            var key = $"schedule:{due.Id}:{ScheduleDocument.TextOf(due.NextAt)}";
            var outcome = await submitter.SubmitAsync(document.RootElement, new(due.Tenant, $"schedule {due.Name}"), key, cancellationToken);
            if (outcome.Job is { } job)
            {
                LogSubmitted(logger, due.Id, due.NextAt, job.Id);
                return await FinishAsync(due, job.Id, null, cancellationToken);
            }

            var problem = outcome.Problem!.ProblemDetails;
            var reason = ReasonOf(problem);
            if (outcome.RetryAfter is not null || problem.Status is StatusCodes.Status503ServiceUnavailable)
            {
                await store.PostponeTickAsync(due.Id, due.NextAt, time.GetUtcNow() + (outcome.RetryAfter ?? RetryAfter), reason, cancellationToken);
                return false;
            }

            LogRefused(logger, due.Id, due.NextAt, reason);
            return await FinishAsync(due, null, reason, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // What was stored is found again by the tick's key; what was not is tried again.
            LogFailed(logger, e, due.Id, due.NextAt);
            if (!FaultHandler.MeansUnavailable(e))
            {
                await store.PostponeTickAsync(due.Id, due.NextAt, time.GetUtcNow() + RetryAfter, $"The tick could not be submitted: {e.Message}", cancellationToken);
            }

            return false;
        }
    }

    /// <summary>Goes on to the first tick after now, whatever was missed in between.</summary>
    private async Task<bool> FinishAsync(ScheduleRecord due, JobId? job, string? error, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var next = CronText.Next(due.Cron, due.NextAt > now ? due.NextAt : now) ?? DateTimeOffset.MaxValue.AddYears(-1);
        return await store.FinishTickAsync(due.Id, due.NextAt, next, job, error, cancellationToken);
    }

    private static string ReasonOf(Microsoft.AspNetCore.Mvc.ProblemDetails problem) =>
        problem.Extensions.TryGetValue("errors", out var errors) && errors is IReadOnlyList<Domain.Documents.DocumentError> { Count: > 0 } list
            ? string.Join("; ", list.Take(5).Select(e => $"{e.Path} {e.Message}"))
            : problem.Detail ?? problem.Title ?? "The document was refused.";

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule}, tick {Tick}: job {Job}")]
    private static partial void LogSubmitted(ILogger logger, string schedule, DateTimeOffset tick, JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {Schedule}, tick {Tick}: no job was made: {Reason}")]
    private static partial void LogRefused(ILogger logger, string schedule, DateTimeOffset tick, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Schedule {Schedule}, tick {Tick}: could not be submitted; trying again")]
    private static partial void LogFailed(ILogger logger, Exception exception, string schedule, DateTimeOffset tick);
}
