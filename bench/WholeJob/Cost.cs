using System.Diagnostics;

namespace Orchestrator.Bench.WholeJob;

/// <summary>What a piece of work cost.</summary>
/// <param name="Seconds">Seconds on the wall.</param>
/// <param name="Processor">Processor seconds of this process; on a machine that others use as well, the figure that they change least.</param>
internal readonly record struct Cost(double Seconds, double Processor)
{
    public static Cost operator +(Cost one, Cost other) => new(one.Seconds + other.Seconds, one.Processor + other.Processor);

    public static Cost Of(Action work)
    {
        var (watch, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        work();
        return new(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }
}
