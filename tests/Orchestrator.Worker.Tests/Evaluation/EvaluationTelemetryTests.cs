using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Tracing;
using Orchestrator.Worker.Evaluation;

namespace Orchestrator.Worker.Tests.Evaluation;

public sealed class EvaluationTelemetryTests
{
    [Fact]
    public void Generation_IsCountedByMethodKindAndPart()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var instruments = new EvaluationInstruments(meters);
        var counts = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == meters)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();

        instruments.OnGeneration(new JacobiOptions(3), [new StepTrace(3, 4, 3, 2, 3, false, 3, 0, 10, 20, 30, 40, 50), new StepTrace(3, 4, 3, 3, 3, true, 4, 0, 1, 1, 1, 1, 1)]);
        instruments.OnGeneration(new BaselineOptions(), [new StepTrace(0, 1, 0, 0, 0, false, 1, 0, 0, 5, 0, 0)]);

        Assert.Equal(6, counts["orchestrator.evaluation.tokens|jacobi|drafted"]);
        Assert.Equal(6, counts["orchestrator.evaluation.tokens|jacobi|evaluated"]);
        Assert.Equal(5, counts["orchestrator.evaluation.tokens|jacobi|accepted"]);
        Assert.Equal(7, counts["orchestrator.evaluation.tokens|jacobi|emitted"]);
        Assert.Equal(1, counts["orchestrator.evaluation.tokens|autoregressive|emitted"]);
        Assert.Equal(5, counts["orchestrator.evaluation.acceptance.length|jacobi"]);
        Assert.Equal([11e-6, 21e-6, 31e-6, 41e-6, 51e-6], ((string[])["draft", "verify", "accept", "kv", "host"])
            .Select(part => Math.Round(counts[$"orchestrator.evaluation.step.duration|jacobi|{part}"], 9)));

        void Add(System.Diagnostics.Metrics.Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = instrument.Name;
            foreach (var tag in tags)
            {
                name += $"|{tag.Value}";
            }

            counts[name] = counts.GetValueOrDefault(name) + value;
        }
    }
}
