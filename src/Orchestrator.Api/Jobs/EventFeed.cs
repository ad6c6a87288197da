using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Api.Http;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>One event as the stream carries it.</summary>
/// <param name="Seq">Counts from 1 without gaps within the job; the <c>id:</c> of the stream.</param>
/// <param name="Type">Dotted lower-case name, also the <c>event:</c> of the stream.</param>
/// <param name="Data">The event's own object.</param>
public sealed record EventView(long Seq, DateTimeOffset At, string Type, JsonElement Data);

/// <summary>
/// Writes a job's events as they are stored. The rows are asked for again after 100 ms, less often while nothing happens (up
/// to 1 s): the writer of the events may be another process, and rows are what all have in common.
/// </summary>
internal sealed class EventFeed(IJobStore store, TimeProvider time, TimeSpan keepAlive)
{
    private const int Batch = 500;
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(1);

    /// <summary>Writes until the job has ended and its last event is written, or the job is gone.</summary>
    public async Task WriteAsync(JobId id, long after, HttpResponse response, CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        await SendAsync(response, "retry: 1000\n\n", cancellationToken);

        var pause = Soonest;
        var lastSent = time.GetTimestamp();
        while (true)
        {
            // State before events: the event of a change is stored with it, so events read now include the last one.
            var job = await store.GetJobAsync(id, cancellationToken);
            var events = job is null ? [] : await store.ReadEventsAsync(id, after, Batch, cancellationToken);
            if (events.Count > 0)
            {
                await SendAsync(response, Format(events), cancellationToken);
                after = events[^1].Seq;
                pause = Soonest;
                lastSent = time.GetTimestamp();
                continue;
            }

            if (job is null || job.State.IsTerminal())
            {
                return;
            }

            if (time.GetElapsedTime(lastSent) >= keepAlive)
            {
                await SendAsync(response, ": still here\n\n", cancellationToken);
                lastSent = time.GetTimestamp();
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < Latest ? pause * 2 : Latest;
        }
    }

    private static string Format(IReadOnlyList<JobEvent> events)
    {
        var text = new StringBuilder();
        foreach (var e in events)
        {
            var view = new EventView(e.Seq, e.At, e.Type, JsonElement.Parse(e.Data));
            text.Append(CultureInfo.InvariantCulture, $"id: {e.Seq}\nevent: {e.Type}\ndata: {JsonSerializer.Serialize(view, ApiJson.Options)}\n\n");
        }

        return text.ToString();
    }

    private static async Task SendAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.WriteAsync(text, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
