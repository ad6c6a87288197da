using Microsoft.Extensions.Time.Testing;
using Orchestrator.Grains.Dispatch;

namespace Orchestrator.Grains.Tests.Dispatch;

public sealed class SteadyTimeTests
{
    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void WallClockStepped_TimeGoesOnAsItPasses(int step)
    {
        var wall = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var steady = new SteadyTime(wall);
        var began = steady.GetUtcNow();
        wall.Advance(TimeSpan.FromSeconds(5));
        wall.AdjustTime(wall.GetUtcNow().AddSeconds(step));
        wall.Advance(TimeSpan.FromSeconds(7));

        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), began);
        Assert.Equal(TimeSpan.FromSeconds(12), steady.GetUtcNow() - began);
    }
}
