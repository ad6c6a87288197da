using System.Diagnostics.Metrics;
using Orchestrator.Contracts;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Tracing;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What evaluations measure while they run. Labels are types of methods and parts of a step, which the code bounds.</summary>
public sealed class EvaluationInstruments
{
    /// <summary>Label of the baseline.</summary>
    private const string Baseline = "autoregressive";

    private const double MicrosecondsASecond = 1e6;
    private readonly Counter<long> _tokens;
    private readonly Histogram<long> _lengths;
    private readonly Histogram<double> _durations;

    /// <summary>Creates the instruments of the evaluation meter.</summary>
    public EvaluationInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(TelemetryNames.EvaluationMeter);
        _tokens = TelemetryNames.EvaluationTokens.CounterOf<long>(meter);
        _lengths = TelemetryNames.EvaluationAcceptanceLength.HistogramOf<long>(meter);
        _durations = TelemetryNames.EvaluationStepDuration.HistogramOf<double>(meter);
    }

    /// <summary>A generation ended. Work done: one that is thrown away, such as a warm-up, counts as well.</summary>
    /// <param name="method">The method.</param>
    /// <param name="steps">Its rounds, with their durations.</param>
    public void OnGeneration(MethodOptions method, IReadOnlyList<StepTrace> steps)
    {
        KeyValuePair<string, object?> named = new(TelemetryNames.MethodTag, method is BaselineOptions ? Baseline : method.Type);
        foreach (var (kind, count) in (ReadOnlySpan<(string, long)>)
            [
                ("drafted", steps.Sum(s => (long)s.Drafted)), ("evaluated", steps.Sum(s => (long)s.Evaluated)),
                ("accepted", steps.Sum(s => (long)s.Accepted)), ("emitted", steps.Sum(s => (long)s.Emitted)),
            ])
        {
            _tokens.Add(count, named, new(TelemetryNames.KindTag, kind));
        }

        foreach (var step in steps)
        {
            _lengths.Record(step.Accepted, named);
            Part("draft", step.DraftMicroseconds);
            Part("verify", step.VerifyMicroseconds);
            Part("accept", step.AcceptMicroseconds);
            Part("kv", step.CacheMicroseconds);
            Part("host", step.HostMicroseconds);
        }

        void Part(string part, long microseconds) => _durations.Record(microseconds / MicrosecondsASecond, named, new(TelemetryNames.PartTag, part));
    }
}
