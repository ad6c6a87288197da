using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Options;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary><c>GET /jobs/{id}/events</c>: server-sent events.</summary>
internal static class EventEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/jobs/{id}/events", StreamAsync)
            .WithName("StreamEvents").WithTags("Jobs").RequireAuthorization(Roles.Reader)
            .WithSummary("What happens to the job, as server-sent events with rising ids; ends after the job's last event. Starts after the event ?after, resumes after Last-Event-ID.")
            .Produces(200, contentType: "text/event-stream").ProducesProblem(400).ProducesProblem(404).ProducesProblem(429);

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> StreamAsync(
        string id, HttpContext context, ClaimsPrincipal user, JobReader jobs, IJobStore store, TimeProvider time,
        IOptions<LimitsOptions> limits, IHostApplicationLifetime lifetime, StreamSlots slots, CancellationToken cancellationToken, long after = 0)
    {
        // A browser's EventSource cannot set the header on its first request; on later ones the header is the newer of the two.
        var last = context.Request.Headers["Last-Event-ID"].ToString();
        if (last.Length > 0 && (!long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after)))
        {
            return Problems.Malformed($"Last-Event-ID '{last}' is not the id of an event: send the last id that was received.");
        }

        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        using var place = slots.TryTake(user);
        if (place is null)
        {
            return Problems.TooMany(context, TimeSpan.FromSeconds(1), $"This key holds {slots.Most} event streams open (Limits:MaxStreams). Close one first.");
        }

        // A stream has no end of its own while the job runs; the server's stop must not wait for it.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var feed = new EventFeed(store, time, limits.Value.EventKeepAlive);
        try
        {
            await feed.WriteAsync(job.Id, after, context.Response, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The reader left or the server stops; the reader resumes by Last-Event-ID.
        }

        return TypedResults.Empty;
    }
}
