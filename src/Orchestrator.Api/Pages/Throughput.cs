using System.Text.Json;
using Orchestrator.Domain.Curation;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Pages;

/// <summary>A moment of a phase: shards that are done (ended in any way) of all, and samples read so far.</summary>
internal readonly record struct ProgressPoint(DateTimeOffset At, string Phase, int Done, int Total, long Samples);

/// <summary>
/// How fast a job moves, from its progress events. A rate is taken over the last minute of the current phase and up to now,
/// so that it falls while nothing happens. Example: 40 shards done at 10:00:00 and 100 at 10:00:30 make, at 10:00:30, 2
/// shards a second.
/// </summary>
/// <param name="ShardsPerSecond">Shards a second; null where nothing runs or too little is known.</param>
/// <param name="SamplesPerSecond">Samples read a second, likewise; null too in phases that read none.</param>
/// <param name="Remaining">Until the current phase ends at this speed; null where it is not known.</param>
/// <param name="Samples">Samples a second between one event and the next, oldest first, of one phase: that which runs, or
/// the one of which most is known. Phases do different work, so one picture of all would show the fastest only.</param>
public sealed record Throughput(double? ShardsPerSecond, double? SamplesPerSecond, TimeSpan? Remaining, IReadOnlyList<SpeedPoint> Samples)
{
    /// <summary>Type of the events that are judged.</summary>
    public const string EventType = "progress";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(900);

    /// <summary>Judges the events.</summary>
    /// <param name="events">Progress events, oldest first.</param>
    /// <param name="phase">The phase that runs; null where the job has ended.</param>
    /// <param name="now">End of the last interval.</param>
    public static Throughput Of(IReadOnlyList<JobEvent> events, string? phase, DateTimeOffset now)
    {
        var points = events.Select(Read).ToList();
        var byPhase = Speeds(points).GroupBy(s => s.Phase).ToList();
        var shown = byPhase.FirstOrDefault(g => g.Key == phase && g.Count() > 1) ?? byPhase.MaxBy(g => g.Count());
        List<SpeedPoint> speeds = [.. shown ?? Enumerable.Empty<SpeedPoint>()];
        var current = points.Where(p => p.Phase == phase).ToList();
        if (current.Count < 2)
        {
            return new(null, null, null, speeds);
        }

        var last = current[^1];
        var first = current.FirstOrDefault(p => p.At >= now - Window, current[^2]);
        first = first == last ? current[^2] : first;
        var seconds = (now - first.At).TotalSeconds;
        if (seconds <= 0 || last.Done < first.Done)
        {
            return new(null, null, null, speeds);
        }

        var shards = (last.Done - first.Done) / seconds;
        return new(
            shards,
            last.Samples > first.Samples ? (last.Samples - first.Samples) / seconds : null,
            shards > 0 ? TimeSpan.FromSeconds((last.Total - last.Done) / shards) : null,
            speeds);
    }

    // An event that follows another within a moment, as the last of a phase does, would show a speed that never was.
    private static List<SpeedPoint> Speeds(List<ProgressPoint> points)
    {
        var speeds = new List<SpeedPoint>();
        ProgressPoint? from = null;
        foreach (var point in points)
        {
            if (from is not { } before || before.Phase != point.Phase || point.Samples < before.Samples)
            {
                from = point;
            }
            else if (point.At - before.At >= Shortest && point.Samples > 0)
            {
                speeds.Add(new(point.At, point.Phase, (point.Samples - before.Samples) / (point.At - before.At).TotalSeconds));
                from = point;
            }
        }

        return speeds;
    }

    private static ProgressPoint Read(JobEvent e)
    {
        var data = JsonElement.Parse(e.Data);
        var samples = data.TryGetProperty("tally", out var tally) && tally.TryGetProperty(CurationTally.Read, out var read) ? read.GetInt64() : 0;
        return new(
            e.At,
            data.GetProperty("phase").GetString()!,
            Number(data, "committed") + Number(data, "failed") + Number(data, "quarantined"),
            Number(data, "total"),
            samples);
    }

    private static int Number(JsonElement data, string name) => data.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
}

/// <summary>Samples a second of a phase at a time.</summary>
public readonly record struct SpeedPoint(DateTimeOffset At, string Phase, double PerSecond);
