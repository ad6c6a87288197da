using System.Diagnostics.Metrics;
using Orchestrator.Contracts;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// What curation measures, as verbs. Labels are stage types, outcomes, reason codes, model names and providers, which the
/// code and the model folders bound; the names that documents give to signals never become labels.
/// </summary>
public sealed class CurationInstruments
{
    /// <summary>Pseudo-stage: members found, caption and image readable.</summary>
    public const string Intake = "intake";

    /// <summary>Pseudo-stage: the rules of <c>select</c>.</summary>
    public const string Select = "select";

    private readonly Counter<long> _samples;
    private readonly Histogram<double> _scores;
    private readonly Counter<double> _cpu;
    private readonly Histogram<double> _runs;
    private readonly Histogram<long> _batches;

    /// <summary>Creates the instruments of the curation and inference meters.</summary>
    public CurationInstruments(IMeterFactory meters, TimeProvider time)
    {
        Time = time;
        var curation = meters.Create(TelemetryNames.CurationMeter);
        _samples = TelemetryNames.CurationSamples.CounterOf<long>(curation);
        _scores = TelemetryNames.CurationScore.HistogramOf<double>(curation);
        _cpu = TelemetryNames.CurationCpuTime.CounterOf<double>(curation);
        var inference = meters.Create(TelemetryNames.InferenceMeter);
        _runs = TelemetryNames.InferenceDuration.HistogramOf<double>(inference);
        _batches = TelemetryNames.InferenceBatchSize.HistogramOf<long>(inference);
    }

    /// <summary>Clock of what is measured here.</summary>
    public TimeProvider Time { get; }

    /// <summary>Samples went through a stage and go on.</summary>
    /// <param name="stage">Type of the stage.</param>
    /// <param name="outcome"><c>passed</c>, <c>scored</c> or <c>kept</c>.</param>
    /// <param name="count">How many.</param>
    public void OnSamples(string stage, string outcome, long count = 1) => _samples.Add(count, Stage(stage), Outcome(outcome));

    /// <summary>Samples ended at a stage.</summary>
    /// <param name="stage">Type of the stage.</param>
    /// <param name="outcome"><c>rejected</c>, <c>quarantined</c> or <c>duplicate</c>.</param>
    /// <param name="reason">Reason code; of <c>select.SIGNAL.TEST</c> the signal's name is left out, because documents choose it.</param>
    /// <param name="count">How many.</param>
    public void OnLeftOut(string stage, string outcome, string reason, long count = 1) => _samples.Add(
        count, Stage(stage), Outcome(outcome), new KeyValuePair<string, object?>(TelemetryNames.ReasonTag, Bounded(reason)));

    /// <summary>A stage gave a score.</summary>
    public void OnScore(string stage, float score) => _scores.Record(score, Stage(stage));

    /// <summary>A thread of the CPU side worked this long.</summary>
    public void OnCpu(TimeSpan elapsed) => _cpu.Add(elapsed.TotalSeconds);

    /// <summary>A model ran.</summary>
    public void OnRun(string model, string provider, int items, TimeSpan elapsed)
    {
        _runs.Record(elapsed.TotalSeconds, new(TelemetryNames.ModelTag, model), new(TelemetryNames.ProviderTag, provider));
        _batches.Record(items);
    }

    /// <summary>What <c>select</c> made of a score part: the candidates it kept and rejected.</summary>
    /// <param name="counts">Counts of the part, by final state.</param>
    public void OnSelected(IReadOnlyDictionary<string, long> counts)
    {
        OnSamples(Select, SampleStates.Kept, counts.GetValueOrDefault(CurationTally.Kept));
        var prefix = CurationTally.RejectedBy(Select + ".");
        foreach (var (name, count) in counts.Where(c => c.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            OnLeftOut(Select, SampleStates.Rejected, name[CurationTally.RejectedBy("").Length..], count);
        }
    }

    private static string Bounded(string reason) =>
        reason.StartsWith(Select + ".", StringComparison.Ordinal) ? $"{Select}.{reason[(reason.LastIndexOf('.') + 1)..]}" : reason;

    private static KeyValuePair<string, object?> Stage(string stage) => new(TelemetryNames.StageTag, stage);

    private static KeyValuePair<string, object?> Outcome(string outcome) => new(TelemetryNames.OutcomeTag, outcome);
}
