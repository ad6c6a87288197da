using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Net.Http.Headers;
using Orchestrator.Api.Http;

namespace Orchestrator.Api.Pages;

/// <summary>The page for a fault on a page; faults elsewhere are left to the handler of the API.</summary>
internal sealed class PageFaultHandler(ILogger<PageFaultHandler> logger) : IExceptionHandler
{
    private const string RetryAfterSeconds = "2";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        var endpoint = context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint?.Metadata.GetMetadata<PageMetadata>() is null || context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }

        switch (exception)
        {
            case BadHttpRequestException bad:
                await MessagePage.Of(Problems.Refused(bad.StatusCode, bad.Message)).ExecuteAsync(context);
                return true;
            case var _ when FaultHandler.MeansUnavailable(exception):
                Log.Unavailable(logger, context.Request.Method, context.Request.Path, exception);
                context.Response.Headers[HeaderNames.RetryAfter] = RetryAfterSeconds;
                await MessagePage.Of(Problems.Unavailable("The store or the cluster did not answer; nothing is lost. Load the page again.")).ExecuteAsync(context);
                return true;
            default:
                return false;
        }
    }
}
