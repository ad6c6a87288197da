using System.Globalization;

namespace Orchestrator.Simulation.Faults;

/// <summary>A wall clock that a test sets forward and back while the process runs. Timers and the monotonic clock are the system's, as with a real step.</summary>
/// <param name="file">Holds the offset in seconds while there is one.</param>
internal sealed class SteppedClock(string file) : TimeProvider
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly Lock gate = new();
    private long lookedAt;
    private TimeSpan offset;

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            if (lookedAt == 0 || GetElapsedTime(lookedAt) > Look)
            {
                lookedAt = GetTimestamp();
                offset = Read();
            }

            return base.GetUtcNow() + offset;
        }
    }

    private TimeSpan Read()
    {
        try
        {
            return File.Exists(file) && double.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var seconds)
                ? TimeSpan.FromSeconds(seconds)
                : TimeSpan.Zero;
        }
        catch (IOException)
        {
            // Being written, or just deleted.
            return offset;
        }
    }
}
