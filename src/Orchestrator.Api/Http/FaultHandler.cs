using System.Data.Common;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Net.Http.Headers;
using Orchestrator.Data.Storage;
using Orchestrator.Persistence;
using Orleans.Runtime;

namespace Orchestrator.Api.Http;

/// <summary>Turns exceptions into problem documents: stores and grains that cannot answer are 503, bad requests keep their code, the rest is 500.</summary>
internal sealed class FaultHandler(ILogger<FaultHandler> logger) : IExceptionHandler
{
    private const string RetryAfterSeconds = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is BadHttpRequestException bad)
        {
            await TypedResults.Problem(bad.Message, statusCode: bad.StatusCode, title: "The request cannot be read.").ExecuteAsync(context);
            return true;
        }

        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        if (!MeansUnavailable(exception))
        {
            return false;
        }

        Log.Unavailable(logger, context.Request.Method, context.Request.Path, exception);
        context.Response.Headers[HeaderNames.RetryAfter] = RetryAfterSeconds;
        await Problems.Unavailable(exception is StorageException or StorageRefusedException
            ? exception.Message
            : "The store or the cluster did not answer; nothing is lost. Try again.").ExecuteAsync(context);
        return true;
    }

    public static bool MeansUnavailable(Exception exception) =>
        exception is StoreUnavailableException or DbException or OrleansException or TimeoutException or SiloUnavailableException
            or OrleansMessageRejectionException or StorageException or StorageRefusedException
        || exception.InnerException is DbException;
}
