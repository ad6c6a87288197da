using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Worker.Curation;

/// <summary>A stage that scores picture and web caption with a dual encoder: <c>clip-score</c>, <c>dfn-score</c>, <c>siglip-score</c>, <c>text-masked-score</c>.</summary>
/// <param name="Pair">Its options.</param>
/// <param name="Signal">Index of its signal; where it has logits, those and the probabilities follow.</param>
/// <param name="Encoder">The model.</param>
/// <param name="Tensor">Index of the preprocessing contract.</param>
/// <param name="Logits">Turns cosines into logits and probabilities; null for a stage that stores cosines only.</param>
/// <param name="Embeddings">The image embeddings that it leaves.</param>
/// <param name="Earlier">Image embeddings that an earlier job kept; null for none.</param>
/// <param name="Detector">Finds the text that is painted over; null where none is.</param>
public sealed record PairStage(
    PairScoreOptions Pair, int Signal, IPairEncoder Encoder, int Tensor, PairLogits? Logits, KeptEmbeddings? Embeddings, EarlierEmbeddings? Earlier, BoundModel? Detector)
    : IModelStage
{
    /// <inheritdoc />
    public StageOptions Options => Pair;

    /// <inheritdoc />
    public int BatchSize => Pair.BatchSize;

    /// <inheritdoc />
    public IReadOnlyList<BoundModel> Models { get; } = [new(Pair.Model, Encoder), .. Detector is null ? (BoundModel[])[] : [Detector]];

    /// <inheritdoc />
    public IReadOnlyList<int> Tensors { get; } = [Tensor];

    /// <inheritdoc />
    public TokenRow Tokenize(string text)
    {
        var ids = new long[Encoder.Tokenizer.ContextLength];
        return new TokenRow(ids, Encoder.Tokenizer.Encode(text, ids));
    }

    /// <inheritdoc />
    public BatchScorer Start(int place) => new PairScorer(this, place);
}
