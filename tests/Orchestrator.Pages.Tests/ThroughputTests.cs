using Orchestrator.Api.Pages;
using Orchestrator.Persistence;

namespace Orchestrator.Pages.Tests;

public sealed class ThroughputTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_TwoEvents_GivesRateAndRest()
    {
        var speed = Throughput.Of([Progress(0, 40, 400), Progress(30, 100, 1000)], "score", Start.AddSeconds(30));

        Assert.Equal(2, speed.ShardsPerSecond);
        Assert.Equal(20, speed.SamplesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(50), speed.Remaining);
        Assert.Equal(new SpeedPoint(Start.AddSeconds(30), "score", 20), Assert.Single(speed.Samples));
    }

    [Fact]
    public void Of_NothingNewForAWhile_FallsAndNeverPromises()
    {
        JobPoint[] events = [new(0, 0), new(10, 100)];
        var rates = new[] { 10, 20, 50 }.Select(now => Throughput.Of([.. events.Select(e => Progress(e.At, e.Done, 0))], "score", Start.AddSeconds(now)).ShardsPerSecond!.Value);

        Assert.Equal([10.0, 5.0, 2.0], rates);
    }

    [Fact]
    public void Of_BurstAtTheEnd_IsNoSpeed()
    {
        JobEvent[] events = [Progress(0, 0, 0), Progress(10, 10, 100), Progress(10, 20, 200) with { At = Start.AddSeconds(10.01) }, Progress(20, 30, 300)];

        Assert.Equal([10.0, 20.0], Throughput.Of(events, "score", Start.AddSeconds(20)).Samples.Select(p => p.PerSecond));
    }

    [Fact]
    public void Of_SeveralPhases_ShowsTheOneThatRunsOrTheBestKnown()
    {
        JobEvent[] events = [Progress(0, 0, 0), Progress(10, 1, 10), Progress(20, 2, 20), Progress(30, 3, 30), Write(40, 0), Write(41, 500), Write(42, 900)];

        Assert.Equal(["write", "write"], Throughput.Of(events, "write", Start.AddSeconds(42)).Samples.Select(p => p.Phase));
        Assert.Equal(["score", "score", "score"], Throughput.Of(events, null, Start.AddSeconds(42)).Samples.Select(p => p.Phase));
    }

    [Fact]
    public void Of_OlderThanAMinute_IsForgotten()
    {
        var speed = Throughput.Of([Progress(0, 0, 0), Progress(100, 10, 0), Progress(110, 30, 0)], "score", Start.AddSeconds(110));

        Assert.Equal(2, speed.ShardsPerSecond);
    }

    [Fact]
    public void Of_FewEventsOtherPhaseOrStepBack_SaysNothing()
    {
        Assert.Null(Throughput.Of([], "score", Start).ShardsPerSecond);
        Assert.Null(Throughput.Of([Progress(0, 1, 1)], "score", Start.AddSeconds(5)).ShardsPerSecond);
        Assert.Null(Throughput.Of([Progress(0, 1, 1), Progress(5, 9, 9)], "write", Start.AddSeconds(5)).ShardsPerSecond);
        Assert.Null(Throughput.Of([Progress(0, 9, 9), Progress(5, 1, 1)], "score", Start.AddSeconds(5)).ShardsPerSecond);
        Assert.Null(Throughput.Of([Progress(0, 1, 1), Progress(5, 9, 9)], null, Start.AddSeconds(5)).Remaining);
    }

    private static JobEvent Progress(int seconds, int done, long samples) => new(
        seconds, Start.AddSeconds(seconds), Throughput.EventType,
        $$$"""{"phase":"score","total":200,"pending":0,"leased":0,"committed":{{{done}}},"failed":0,"quarantined":0,"tally":{"read":{{{samples}}}}}""");

    private static JobEvent Write(int seconds, long samples)
    {
        var score = Progress(seconds, 1, samples);
        return score with { Data = score.Data.Replace("score", "write", StringComparison.Ordinal) };
    }

    private sealed record JobPoint(int At, int Done);
}
