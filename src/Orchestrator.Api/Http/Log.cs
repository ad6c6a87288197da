namespace Orchestrator.Api.Http;

/// <summary>Log messages of the API.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Method} {Path}: the store or the cluster did not answer.")]
    public static partial void Unavailable(ILogger logger, string method, string path, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Job {Job} submitted by {Caller}: {Shards} shards, output {Output}.")]
    public static partial void Submitted(ILogger logger, string job, string? caller, int shards, string output);

    [LoggerMessage(3, LogLevel.Information, "{Command} of job {Job} by {Caller}: accepted {Accepted}, state {State}.")]
    public static partial void Commanded(ILogger logger, string command, string job, string? caller, bool accepted, string state);

    [LoggerMessage(4, LogLevel.Warning, "Job {Job} is stored but could not be announced; the control plane will find it when it next looks.")]
    public static partial void NotAnnounced(ILogger logger, string job, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "{Work} failed; trying again.")]
    public static partial void WorkFailed(ILogger logger, string work, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "Job {Job} is deleted; what its attempts kept below {Output} could not be, delete it by hand.")]
    public static partial void NotCleared(ILogger logger, string job, string output, Exception exception);
}
