using System.Text.Json;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>When each phase last started, from the job's events.</summary>
internal static class PhaseStarts
{
    /// <summary>Type of the event that carries <c>{"phase": name}</c>.</summary>
    public const string EventType = "phase.started";

    private const int Batch = 1000;

    public static async Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadAsync(IJobStore store, JobRecord job, CancellationToken cancellationToken)
    {
        var starts = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        long after = 0;
        while (true)
        {
            var events = await store.ReadEventsAsync(job.Id, after, Batch, cancellationToken);
            foreach (var e in events.Where(e => e.Type == EventType))
            {
                if (JsonElement.Parse(e.Data).TryGetProperty("phase", out var phase) && phase.GetString() is { } name)
                {
                    starts[name] = e.At;
                }
            }

            if (events.Count < Batch)
            {
                return starts;
            }

            after = events[^1].Seq;
        }
    }
}
