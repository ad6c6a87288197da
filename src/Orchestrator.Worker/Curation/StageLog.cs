using Orchestrator.Contracts;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Measures the stages of one attempt: hands out the models in wrappers that time their runs, counts each finished sample at
/// the stages it saw, and in the end leaves one span a stage below the attempt's. Used by the attempt's thread only.
/// </summary>
public sealed class StageLog(IScoringModels models, CurationInstruments instruments) : IScoringModels, IDisposable
{
    private readonly DateTimeOffset _began = instruments.Time.GetUtcNow();
    private readonly Dictionary<string, StageCount> _stages = new(StringComparer.Ordinal);

    /// <inheritdoc />
    public IPairEncoder GetPairEncoder(string name) => new MeasuredEncoder(models.GetPairEncoder(name), name, instruments);

    /// <summary>
    /// Counts a finished sample. One whose image could not be decoded counts at the intake alone, although filters saw it: nothing
    /// is left out twice.
    /// </summary>
    public void Take(ScoringPlan plan, PreparedSample sample)
    {
        if (sample.Trouble is { } trouble && trouble.Reason != PairScorer.NotFinite)
        {
            LeaveOut(CurationInstruments.Intake, SampleStates.Quarantined, trouble.Reason);
            return;
        }

        Pass(CurationInstruments.Intake, "passed");
        foreach (var filter in plan.Filters)
        {
            var type = filter.Options.Type;
            if (sample.Rejected is { } reason && reason.StartsWith(type + ".", StringComparison.Ordinal))
            {
                LeaveOut(type, SampleStates.Rejected, reason);
                return;
            }

            Pass(type, "passed");
        }

        foreach (var model in plan.Models)
        {
            Score(model, sample.Signals[model.Signal]);
        }
    }

    /// <summary>Leaves the spans.</summary>
    public void Dispose()
    {
        foreach (var (type, count) in _stages)
        {
            var runs = count.Encoder;
            JobTrace.Record(TelemetryNames.StageSpan + type, runs?.First ?? _began, runs?.Last ?? count.Last, [
                new("orchestrator.stage", type), new("orchestrator.samples", count.Seen), new("orchestrator.left_out", count.LeftOut),
                new("orchestrator.model.seconds", runs?.Busy.TotalSeconds)]);
        }
    }

    private void Score(ModelStage stage, float score)
    {
        var type = stage.Options.Type;
        if (float.IsNaN(score))
        {
            LeaveOut(type, SampleStates.Quarantined, PairScorer.NotFinite);
        }
        else
        {
            Pass(type, "scored");
            instruments.OnScore(type, score);
        }

        _stages[type].Encoder = stage.Encoder as MeasuredEncoder;
    }

    private void Pass(string stage, string outcome)
    {
        instruments.OnSamples(stage, outcome);
        Count(stage).Seen++;
    }

    private void LeaveOut(string stage, string outcome, string reason)
    {
        instruments.OnLeftOut(stage, outcome, reason);
        var count = Count(stage);
        count.Seen++;
        count.LeftOut++;
    }

    private StageCount Count(string stage)
    {
        if (!_stages.TryGetValue(stage, out var count))
        {
            _stages[stage] = count = new StageCount();
        }

        count.Last = instruments.Time.GetUtcNow();
        return count;
    }

    private sealed class StageCount
    {
        public long Seen { get; set; }

        public long LeftOut { get; set; }

        public DateTimeOffset Last { get; set; }

        public MeasuredEncoder? Encoder { get; set; }
    }
}
