using Orchestrator.Grains.Dispatch;

namespace Orchestrator.Grains.Tests.Dispatch;

public sealed class SteadyTimeTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void WallClockStepped_TimeGoesOnAsItPasses(int step)
    {
        var clocks = new TwoClocks { Wall = Start };
        var steady = new SteadyTime(clocks);
        Assert.Equal(Start, steady.GetUtcNow());

        clocks.Wall += TimeSpan.FromSeconds(12 + step);
        clocks.Monotonic += TimeSpan.FromSeconds(12);
        Assert.Equal(Start.AddSeconds(12), steady.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(12), steady.GetElapsedTime(0, steady.GetTimestamp()));
    }

    /// <summary>A wall clock and a monotonic one, each set by the test.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        public DateTimeOffset Wall { get; set; }

        public TimeSpan Monotonic { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Monotonic.Ticks;
    }
}
