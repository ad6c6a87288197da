using System.Diagnostics;

namespace Orchestrator.Bench.Preprocessing;

internal static class Clock
{
    /// <summary>The least milliseconds that <paramref name="action"/> took in <paramref name="seconds"/> of repetition.</summary>
    public static double Best(Action action, double seconds)
    {
        // Tiered compilation settles before anything is timed.
        for (var warm = Stopwatch.StartNew(); warm.Elapsed.TotalSeconds < seconds / 2;)
        {
            action();
        }

        var best = double.MaxValue;
        for (var all = Stopwatch.StartNew(); all.Elapsed.TotalSeconds < seconds;)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return best;
    }
}
