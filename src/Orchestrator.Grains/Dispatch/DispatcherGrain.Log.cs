using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Grains.Dispatch;

internal sealed partial class DispatcherGrain
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Dispatcher {Pool} reads {Jobs} unfinished jobs")]
    private static partial void LogActivated(ILogger logger, string pool, int jobs);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job}: phase {Phase} read, {Pending} pending, {Leased} leased, {Total} in all")]
    private static partial void LogLoaded(ILogger logger, JobId job, string phase, int pending, int leased, int total);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job}: its rows could not be read; trying again")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, JobId job);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} is known, on {Silo}")]
    private static partial void LogWorkerKnown(ILogger logger, string worker, string silo);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Silo} is gone; {Leases} leases of job {Job} go back to the queue")]
    private static partial void LogSiloLost(ILogger logger, string silo, int leases, JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Leases} leases of job {Job} were not renewed in time")]
    private static partial void LogExpired(ILogger logger, int leases, JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} never reached worker {Worker}; it is sent again, or goes back to the queue")]
    private static partial void LogUndelivered(ILogger logger, LeaseKey lease, string worker);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {Device} of worker {Worker} failed distinct jobs in a row and is cordoned; uncordon the worker when it is mended")]
    private static partial void LogDeviceCordoned(ILogger logger, string device, string worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Completion of {Lease} by worker {Worker} refused: the attempt is not the current one")]
    private static partial void LogFenced(ILogger logger, LeaseKey lease, string worker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shard {Shard} of job {Job} is {State}: {Error}")]
    private static partial void LogShardEnded(ILogger logger, int shard, JobId job, ShardState state, string? error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership could not be read; leases end by their time to live alone")]
    private static partial void LogMembershipUnknown(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The sweep failed; it runs again")]
    private static partial void LogSweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job}: events could not be appended")]
    private static partial void LogFlushFailed(ILogger logger, Exception exception, JobId job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be told that phase {Phase} has drained; trying again")]
    private static partial void LogNoticeFailed(ILogger logger, Exception exception, JobId job, string phase);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What tenants used could not be stored; trying again")]
    private static partial void LogUsageNotStored(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be told that committed files are gone or changed; the next attempt tells it")]
    private static partial void LogNotReopened(ILogger logger, Exception exception, JobId job);
}
