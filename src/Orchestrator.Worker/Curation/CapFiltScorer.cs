using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference.Captioning;

namespace Orchestrator.Worker.Curation;

/// <summary>Captions batches and judges both captions of each sample. The filter sees texts after BLIP's <c>pre_caption</c>; what is stored is the text itself.</summary>
internal sealed class CapFiltScorer(CapFiltStage stage) : BatchScorer(stage.BatchSize)
{
    private readonly MatchToken _token = stage.CapFilt.ReadsClassToken ? MatchToken.Class : MatchToken.Encoder;
    private float[] _pixels = [];

    /// <inheritdoc />
    protected override void Score(IReadOnlyList<PreparedSample> batch)
    {
        Gather(batch, stage.CaptionerTensor, ref _pixels);
        var seeds = batch.Select(s => CapFiltRule.SeedOf(stage.Seed, s.Uid.High, s.Uid.Low)).ToArray();
        var captions = stage.Captioner.Caption(_pixels, batch.Count, seeds, stage.Captioning);
        if (stage.FilterTensor != stage.CaptionerTensor)
        {
            Gather(batch, stage.FilterTensor, ref _pixels);
        }

        // Rows without a synthetic caption are judged all the same: the shape of a run follows from the batch alone.
        var scores = stage.Filter.Match(
            _pixels, batch.Count, _token,
            [.. batch.Select(s => BlipCaption.Clean(s.Text!))],
            [.. captions.Select(c => BlipCaption.Clean(c ?? ""))]);
        for (var i = 0; i < batch.Count; i++)
        {
            Keep(batch[i], captions[i], scores[0][i], scores[1][i]);
        }
    }

    private void Keep(PreparedSample sample, string? caption, float web, float synthetic)
    {
        if (ProblemOf(caption, web, synthetic) is { } problem)
        {
            sample.Trouble ??= new SampleTrouble(BatchScorer.NotFinite, $"capfilt: {problem}; check the model's precision and the image");
            return;
        }

        var written = caption!.Length > 0;
        sample.Signals[stage.Signal] = written ? Math.Max(web, synthetic) : web;
        sample.Signals[stage.Signal + 1] = web;
        sample.Signals[stage.Signal + 2] = written ? synthetic : float.NaN;
        sample.Tags[stage.CaptionTag] = written ? caption : null;
        var kept = CapFiltRule.Judge(stage.CapFilt.Threshold, stage.CapFilt.Keep, web, written ? synthetic : float.NaN);
        sample.Tags[stage.TextsTag] = CapFiltRule.TagOf(kept);
        if (kept == CaptionOrigins.None)
        {
            sample.Rejected ??= CapFiltOptions.Rejected;
        }
    }

    private string? ProblemOf(string? caption, float web, float synthetic) =>
        caption is null ? $"the captioner '{stage.CapFilt.Captioner}' gave scores that are not numbers"
        : !float.IsFinite(web) ? $"the filter '{stage.CapFilt.Filter}' gave {web} for the web caption"
        : caption.Length > 0 && !float.IsFinite(synthetic) ? $"the filter '{stage.CapFilt.Filter}' gave {synthetic} for the synthetic caption"
        : null;
}
