using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Api.Jobs;
using Orchestrator.Api.Options;
using Orchestrator.Api.Workers;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Pages;

/// <summary>
/// <c>/live/jobs</c> and <c>/live/workers</c>: server-sent events that say "load the list again". They carry no data; what the
/// caller may see is decided where the list is rendered.
/// </summary>
internal static class LiveEndpoints
{
    /// <summary>A worker not heard of for this long is shown as silent.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/live/jobs", JobsAsync).RequireAuthorization(Roles.Reader).ExcludeFromDescription();
        app.MapGet("/live/workers", WorkersAsync).RequireAuthorization(Roles.Reader).ExcludeFromDescription();
    }

    private static Task JobsAsync(
        HttpContext context, ClaimsPrincipal user, JobReader jobs, IJobStore store, TimeProvider time, IOptions<LimitsOptions> limits,
        IHostApplicationLifetime lifetime, StreamSlots slots, string? kind = null, string? state = null, string? tenant = null, string? cursor = null)
    {
        async Task<object?> LookAsync(CancellationToken cancellationToken)
        {
            var listed = await JobEndpoints.ListAsync(user, jobs, store, cancellationToken, kind, state, tenant, cursor, JobPages.PageSize);
            if (listed.Result is not Ok<Page<JobSummary>> { Value: { } page })
            {
                return null;
            }

            var moving = new List<object>();
            foreach (var job in page.Items.Where(j => !j.State.IsTerminal()))
            {
                moving.Add(await store.CountAsync(JobId.Parse(job.Id), cancellationToken));
            }

            return new { page, moving };
        }

        return SendAsync(context, LookAsync, time, limits.Value.EventKeepAlive, lifetime, slots);
    }

    private static Task WorkersAsync(
        HttpContext context, WorkerDirectory workers, TimeProvider time, IOptions<LimitsOptions> limits, IHostApplicationLifetime lifetime, StreamSlots slots)
    {
        // A heartbeat alone is no news.
        async Task<object?> LookAsync(CancellationToken cancellationToken) => (await workers.ListAsync())
            .Select(w => new { Worker = w with { LastSeen = default }, Late = time.GetUtcNow() - w.LastSeen > Late });

        return SendAsync(context, LookAsync, time, limits.Value.EventKeepAlive, lifetime, slots);
    }

    private static async Task SendAsync(
        HttpContext context, Func<CancellationToken, Task<object?>> look, TimeProvider time, TimeSpan keepAlive, IHostApplicationLifetime lifetime, StreamSlots slots)
    {
        using var place = slots.TryTake(context.User);
        if (place is null)
        {
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            // The first look is always told: the list may have changed since the page was rendered.
            var known = "";
            var lastSent = time.GetTimestamp();
            while (true)
            {
                var digest = Digest(await look(stop.Token));
                if (digest != known)
                {
                    await WriteAsync(context, $"event: changed\ndata: {digest}\n\n", stop.Token);
                    known = digest;
                    lastSent = time.GetTimestamp();
                }
                else if (time.GetElapsedTime(lastSent) >= keepAlive)
                {
                    await WriteAsync(context, ": still here\n\n", stop.Token);
                    lastSent = time.GetTimestamp();
                }

                await Task.Delay(Pause, time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The reader left or the server stops; the reader comes back by itself.
        }
    }

    private static string Digest(object? content) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(content, ApiJson.Options)))[..16];

    private static async Task WriteAsync(HttpContext context, string text, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(text, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
