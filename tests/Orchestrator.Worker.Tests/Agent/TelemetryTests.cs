using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orchestrator.Contracts;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Agent;
using Orleans.Runtime;

namespace Orchestrator.Worker.Tests.Agent;

public sealed class TelemetryTests
{
    [Fact]
    public async Task Attempts_AreCountedByOutcomeAndKeepTheirDeviceBusy()
    {
        await using var agent = await AgentHost.StartAsync(slots: 3);
        var seen = new ConcurrentQueue<(string Name, string? Unit, double Value, string? Tag)>();
        using var listener = Listen(agent.Get<IMeterFactory>(), seen);
        var runs = await agent.BeginAsync(0, 1, 2);

        agent.Time.Advance(TimeSpan.FromMilliseconds(250));
        runs[0].Complete();
        runs[1].End(ShardOutcome.Failed(FailureKind.Fatal, "no"));
        await agent.FreedAsync(2);

        var outcomes = seen.Where(m => m.Name == TelemetryNames.WorkerAttempts.Name).Select(m => m.Tag).Order();
        Assert.Equal(["completed", "failed"], outcomes);

        // Two slots for a quarter of a second each, and the third up to now, although its shard has not ended.
        agent.Time.Advance(TimeSpan.FromMilliseconds(250));
        listener.RecordObservableInstruments();
        Assert.Equal(("s", 1.0, "cpu"), seen.Where(m => m.Name == TelemetryNames.DeviceBusyTime.Name).Select(m => (m.Unit, m.Value, m.Tag)).Single());
        Assert.Equal(3, seen.Single(m => m.Name == TelemetryNames.DeviceSlots.Name).Value);
    }

    [Fact]
    public async Task UnansweredExchangesAndExpiredLeases_AreCounted()
    {
        await using var agent = await AgentHost.StartAsync();
        var seen = new ConcurrentQueue<(string Name, string? Unit, double Value, string? Tag)>();
        using var listener = Listen(agent.Get<IMeterFactory>(), seen);
        await agent.BeginAsync(0);
        var lost = await agent.HeartbeatAsync();
        lost.Fail(new TimeoutException("lost"));
        await agent.Time.UntilArmedAsync(AgentHost.FirstPause);

        agent.Time.Advance(ScriptedDispatch.Ttl);

        Assert.Equal(1, seen.Where(m => m.Name == TelemetryNames.WorkerExchangeFailures.Name).Sum(m => m.Value));
        Assert.Equal(1, seen.Where(m => m.Name == TelemetryNames.WorkerLeasesExpired.Name).Sum(m => m.Value));
    }

    [Fact]
    public async Task Attempt_IsASpanOfItsJobsTrace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.ActivitySource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var agent = await AgentHost.StartAsync();
        var job = JobId.Parse("cur-traced");
        (await agent.Dispatch.NextAsync()).Reply([new(new(job, "work", 3, 2), "test", "{}", Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]);
        (await agent.Executor.NextRunAsync()).End(ShardOutcome.Failed(FailureKind.Fatal, "no such tar"));
        await agent.FreedAsync();

        var span = Assert.Single(spans, span => (string?)span.GetTagItem("orchestrator.job") == job.Value);
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"), (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString()));
        Assert.Equal((3, 2), (span.GetTagItem("orchestrator.shard"), span.GetTagItem("orchestrator.attempt")));
        Assert.Equal((ActivityStatusCode.Error, "no such tar"), (span.Status, span.StatusDescription));
    }

    [Fact]
    public void Retry_IsForWhatALostSiloCauses()
    {
        Assert.True(ControlPlaneRetry.IsRetryable(new SiloUnavailableException("gone")));
        Assert.True(ControlPlaneRetry.IsRetryable(new TimeoutException()));
        Assert.True(ControlPlaneRetry.IsRetryable(new OrleansException("No active nodes are compatible with grain")));
        Assert.False(ControlPlaneRetry.IsRetryable(new Orleans.Storage.InconsistentStateException("bug")));
        Assert.False(ControlPlaneRetry.IsRetryable(new ArgumentException("bug")));
    }

    private static MeterListener Listen(IMeterFactory meters, ConcurrentQueue<(string Name, string? Unit, double Value, string? Tag)> seen)
    {
        var listener = new MeterListener
        {
            // The factory is the scope: tests run side by side and each sees its own worker's meter only.
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == TelemetryNames.WorkerMeter && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
        return listener;

        void Note(System.Diagnostics.Metrics.Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Enqueue((instrument.Name, instrument.Unit, value, tags.Length == 0 ? null : (string?)tags[0].Value));
    }
}
