using System.Diagnostics;

namespace Orchestrator.Contracts;

/// <summary>
/// Spans of jobs. A job's trace begins where it is submitted; the submit span's W3C traceparent is stored with the job's row
/// and travels with every lease, so that attempts in other processes, after any restart, are below it.
/// </summary>
public static class JobTrace
{
    /// <summary>Tag: the job's id. Spans and logs carry it, metrics never.</summary>
    public const string JobTag = "orchestrator.job";

    /// <summary>Tag: phase.</summary>
    public const string PhaseTag = "orchestrator.phase";

    private static readonly ActivitySource Source = new(TelemetryNames.ActivitySource);

    /// <summary>Starts a span of a job; null where nobody listens.</summary>
    /// <param name="name">One of the span names of <see cref="TelemetryNames"/>.</param>
    /// <param name="trace">Traceparent stored with the job; null where it has none. Within a span of the same trace the new one is that span's child.</param>
    /// <param name="kind">Consumer for work that was queued, else internal.</param>
    /// <param name="tags">Tags known at the start.</param>
    public static Activity? Start(
        string name, string? trace, ActivityKind kind = ActivityKind.Internal, params KeyValuePair<string, object?>[] tags)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var stored = ActivityContext.TryParse(trace, null, isRemote: true, out var parsed) ? parsed : default;
        var current = Activity.Current;
        var parent = trace is null || current?.TraceId == stored.TraceId ? current?.Context ?? default : stored;
        return Source.StartActivity(name, kind, parent, tags);
    }

    /// <summary>Leaves a span that is over, below the current one. For work that was interleaved with other work.</summary>
    public static void Record(string name, DateTimeOffset start, DateTimeOffset end, params KeyValuePair<string, object?>[] tags)
    {
        using var span = Activity.Current is { } current
            ? Source.StartActivity(name, ActivityKind.Internal, current.Context, tags, startTime: start)
            : null;
        span?.SetEndTime(end.UtcDateTime);
    }
}
