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
    public IPairEncoder GetPairEncoder(string name)
    {
        var model = models.GetPairEncoder(name);
        return new MeasuredEncoder(model, ClockOf(name, model));
    }

    /// <inheritdoc />
    public IImageCaptioner GetCaptioner(string name)
    {
        var model = models.GetCaptioner(name);
        return new MeasuredCaptioner(model, ClockOf(name, model));
    }

    /// <inheritdoc />
    public ICaptionMatcher GetMatcher(string name)
    {
        var model = models.GetMatcher(name);
        return new MeasuredMatcher(model, ClockOf(name, model));
    }

    /// <inheritdoc />
    public ITextDetector GetTextDetector(string name)
    {
        var model = models.GetTextDetector(name);
        return new MeasuredDetector(model, ClockOf(name, model));
    }

    /// <summary>
    /// Counts a finished sample. One whose image could not be decoded counts at the intake alone, although filters saw it: nothing
    /// is left out twice.
    /// </summary>
    public void Take(ScoringPlan plan, PreparedSample sample)
    {
        if (sample.Trouble is { } trouble && trouble.Reason != BatchScorer.NotFinite)
        {
            LeaveOut(CurationInstruments.Intake, SampleStates.Quarantined, trouble.Reason);
            return;
        }

        Pass(CurationInstruments.Intake, "passed");
        foreach (var filter in plan.Filters)
        {
            var type = filter.Options.Type;
            if (RejectedBy(sample, type))
            {
                LeaveOut(type, SampleStates.Rejected, sample.Rejected!);
                return;
            }

            Pass(type, "passed");
        }

        foreach (var model in plan.Models)
        {
            Score(model, sample);
        }
    }

    /// <summary>Leaves the spans.</summary>
    public void Dispose()
    {
        foreach (var (type, count) in _stages)
        {
            var clocks = count.Clocks;
            JobTrace.Record(TelemetryNames.StageSpan + type, clocks.Min(c => c.First) ?? _began, clocks.Max(c => c.Last) ?? count.Last, [
                new("orchestrator.stage", type), new("orchestrator.samples", count.Seen), new("orchestrator.left_out", count.LeftOut),
                new("orchestrator.model.seconds", clocks.Count == 0 ? null : clocks.Sum(c => c.Busy.TotalSeconds))]);
        }
    }

    private static bool RejectedBy(PreparedSample sample, string type) => sample.Rejected?.StartsWith(type + ".", StringComparison.Ordinal) == true;

    private ModelClock ClockOf(string name, IScoringModel model) => new(name, model.Provider, instruments);

    private void Score(IModelStage stage, PreparedSample sample)
    {
        var type = stage.Options.Type;
        var score = sample.Signals[stage.Signal];
        if (float.IsNaN(score))
        {
            LeaveOut(type, SampleStates.Quarantined, BatchScorer.NotFinite);
        }
        else if (sample.Trouble is null && RejectedBy(sample, type))
        {
            LeaveOut(type, SampleStates.Rejected, sample.Rejected!);
            instruments.OnScore(type, score);
        }
        else
        {
            Pass(type, "scored");
            instruments.OnScore(type, score);
        }

        _stages[type].Clocks.UnionWith(stage.Models.Select(m => m.Model).OfType<MeasuredModel>().Select(m => m.Clock));
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

        public HashSet<ModelClock> Clocks { get; } = [];
    }
}
