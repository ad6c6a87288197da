using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orchestrator.Contracts;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>The counts of the metrics against those that the job's own books give.</summary>
public sealed class CurationTelemetryTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter", "language": "any", "minWords": 3 }, { "type": "clip-score", "model": "bright", "as": "my-own-name", "batchSize": 7 } ],
          "select": { "by": "my-own-name", "topFraction": 0.3 },
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Samples_AreCountedOnceAtEachStageTheySaw()
    {
        using var harness = new CurationHarness();
        var seen = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        using var listener = Listen(harness.Meters, seen);
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [
            .. Tars.Good(0, 20, 20), ("bad.png", "no image"u8.ToArray()), ("bad.txt", "a small grey square"u8.ToArray()),
            ("brief.png", Tars.Good(0, 1, 20)[0].Item2), ("brief.txt", "short"u8.ToArray()),
            ("nan.png", Tars.Good(0, 1, 20)[0].Item2), ("nan.txt", "a nan of a square"u8.ToArray())]);
        Assert.Equal(JobState.Succeeded, (await harness.RunAsync(Document, "a.tar")).State);

        Assert.Equal(harness.Count("quarantined"), Samples("outcome=quarantined"));
        Assert.Equal((22, 1), (Samples("stage=intake outcome=passed"), Samples("stage=intake outcome=quarantined")));
        Assert.Equal((21, 1), (Samples("stage=basic-filter outcome=passed"), Samples("stage=basic-filter outcome=rejected reason=basic-filter.minWords")));
        Assert.Equal((20, 1), (Samples("stage=clip-score outcome=scored"), Samples("stage=clip-score outcome=quarantined reason=score-not-finite")));
        Assert.Equal((harness.Count("kept"), harness.Count("rejected:select.my-own-name.topFraction")), (Samples("stage=select outcome=kept"), Samples("stage=select outcome=rejected reason=select.topFraction")));
        Assert.Equal(20, seen.Count(m => m.Name == TelemetryNames.CurationScore.Name && m.Tags == "stage=clip-score"));

        // Three batches of 7, 7 and 7: one run of each tower each.
        Assert.Equal([7, 7, 7, 7, 7, 7], seen.Where(m => m.Name == TelemetryNames.InferenceBatchSize.Name).Select(m => (int)m.Value));
        Assert.All(seen.Where(m => m.Name == TelemetryNames.InferenceDuration.Name), m => Assert.Equal("model=bright provider=cpu", m.Tags));
        Assert.Equal(23, seen.Count(m => m.Name == TelemetryNames.CurationCpuTime.Name));
        Assert.DoesNotContain(seen, m => m.Tags.Contains("my-own-name", StringComparison.Ordinal) || m.Tags.Contains("cur-", StringComparison.Ordinal));

        int Samples(string tags) => (int)seen.Where(m => m.Name == TelemetryNames.CurationSamples.Name && Has(m.Tags, tags)).Sum(m => m.Value);
    }

    [Fact]
    public async Task Stages_AreSpansBelowTheAttempt()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.ActivitySource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), Tars.Good(0, 20, 20));
        using (var attempt = JobTrace.Start(TelemetryNames.AttemptSpan, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")!)
        {
            await harness.RunAsync(Document, "a.tar");
            var stages = spans.Where(s => s.ParentSpanId == attempt.SpanId).ToDictionary(s => s.OperationName);
            Assert.Equal(["stage basic-filter", "stage clip-score", "stage intake"], stages.Keys.Order());
            Assert.All(stages.Values, s => Assert.Equal((20L, attempt.TraceId), (s.GetTagItem("orchestrator.samples"), s.TraceId)));
            Assert.True((double)stages["stage clip-score"].GetTagItem("orchestrator.model.seconds")! > 0);
            Assert.Same(attempt, Activity.Current);
        }
    }

    private static bool Has(string tags, string wanted) => wanted.Split(' ').All(tags.Split(' ').Contains);

    private static MeterListener Listen(IMeterFactory meters, ConcurrentQueue<(string Name, double Value, string Tags)> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument.Name, value, tags));
        listener.Start();
        return listener;

        void Note(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            seen.Enqueue((name, value, string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))));
    }
}
