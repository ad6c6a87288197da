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
}
