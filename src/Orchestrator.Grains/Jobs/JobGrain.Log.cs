using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Jobs;

internal sealed partial class JobGrain
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job}: {From} -> {To}, phase {Phase}")]
    private static partial void LogState(ILogger logger, JobId job, JobState from, JobState to, string phase);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: the dispatcher was not told of a change and will read it later")]
    private static partial void LogNotAnnounced(ILogger logger, Exception exception, JobId job);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job}: the plan could not say what follows phase {Phase}")]
    private static partial void LogPlanFailed(ILogger logger, Exception exception, JobId job, string phase);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: the dispatcher could not be asked whether attempts are still at work; asking again later")]
    private static partial void LogNotAsked(ILogger logger, Exception exception, JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: what its attempts left below {Output} could not be deleted; delete its folder in .work by hand")]
    private static partial void LogNotCleared(ILogger logger, Exception exception, JobId job, string? output);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: committed files of {Shards} shards of phase {Phase} are gone or changed; they run again")]
    private static partial void LogReopened(ILogger logger, JobId job, int shards, string phase);
}
