using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference.Captioning;

namespace Orchestrator.Worker.Curation;

/// <summary>The stage <c>capfilt</c>: a captioner and a filter.</summary>
/// <param name="CapFilt">Its options.</param>
/// <param name="Signal">Index of the better probability; those of web and synthetic caption follow.</param>
/// <param name="CaptionTag">Index of the text column for the synthetic caption; the kept texts follow in <paramref name="TextsTag"/>.</param>
/// <param name="TextsTag">Index of the text column for the kept texts.</param>
/// <param name="Captioner">The captioner.</param>
/// <param name="CaptionerTensor">Index of its preprocessing contract.</param>
/// <param name="Filter">The filter.</param>
/// <param name="FilterTensor">Index of its preprocessing contract.</param>
/// <param name="Seed">Seed of the job.</param>
public sealed record CapFiltStage(
    CapFiltOptions CapFilt,
    int Signal,
    int CaptionTag,
    int TextsTag,
    IImageCaptioner Captioner,
    int CaptionerTensor,
    ICaptionMatcher Filter,
    int FilterTensor,
    long Seed) : IModelStage
{
    /// <inheritdoc />
    public StageOptions Options => CapFilt;

    /// <inheritdoc />
    public int BatchSize => CapFilt.BatchSize;

    /// <inheritdoc />
    public IReadOnlyList<BoundModel> Models { get; } = [new(CapFilt.Captioner, Captioner), new(CapFilt.Filter, Filter)];

    /// <inheritdoc />
    public IReadOnlyList<int> Tensors { get; } = [CaptionerTensor, FilterTensor];

    /// <inheritdoc />
    public EarlierEmbeddings? Earlier => null;

    /// <inheritdoc />
    public KeptEmbeddings? Embeddings => null;

    /// <summary>Settings of the captioner.</summary>
    public CaptionOptions Captioning { get; } = Captioner.Defaults with
    {
        Search = CapFilt.Beam ? CaptionSearch.Beam : CaptionSearch.Nucleus,
        TopP = CapFilt.TopP,
        TopK = CapFilt.TopK,
        Beams = Math.Max(1, CapFilt.Beams),
        RepetitionPenalty = CapFilt.RepetitionPenalty,
        MinLength = CapFilt.MinLength ?? Captioner.Defaults.MinLength,
        MaxLength = CapFilt.MaxLength ?? Captioner.Defaults.MaxLength,
    };

    /// <inheritdoc />
    public TokenRow? Tokenize(string text) => null;

    /// <inheritdoc />
    public BatchScorer Start(int place) => new CapFiltScorer(this);
}
