using System.Numerics.Tensors;

namespace Orchestrator.Worker.Curation;

/// <summary>Scores batches with one <see cref="PairStage"/>.</summary>
/// <param name="stage">The stage.</param>
/// <param name="place">Its place among the model stages.</param>
internal sealed class PairScorer(PairStage stage, int place) : BatchScorer(stage.BatchSize)
{
    private float[] _pixels = [];
    private long[] _ids = [];

    /// <inheritdoc />
    protected override void Score(IReadOnlyList<PreparedSample> batch)
    {
        var encoder = stage.Encoder;
        var (count, context) = (batch.Count, encoder.Tokenizer.ContextLength);
        Gather(batch, stage.Tensor, ref _pixels);
        Grow(ref _ids, count * context);
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            var row = batch[i].Tokens![place]!;
            row.Ids.CopyTo(_ids.AsSpan(i * context));
            lengths[i] = row.Length;
        }

        var images = encoder.EncodeImages(_pixels, count);
        var texts = encoder.EncodeTexts(_ids, lengths, count);
        for (var i = 0; i < count; i++)
        {
            var image = images.AsSpan(i * encoder.Dimension, encoder.Dimension);
            var score = TensorPrimitives.Dot(image, texts.AsSpan(i * encoder.Dimension, encoder.Dimension));
            if (float.IsFinite(score))
            {
                Keep(batch[i], score, image);
            }
            else
            {
                batch[i].Trouble ??= new SampleTrouble(
                    NotFinite, $"{stage.Pair.As}: the model '{stage.Pair.Model}' gave {score}; check the model's precision and the image");
            }
        }
    }

    private void Keep(PreparedSample sample, float score, ReadOnlySpan<float> image)
    {
        sample.Signals[stage.Signal] = score;
        if (stage.Logits is { } logits)
        {
            sample.Signals[stage.Signal + 1] = (float)logits.Logit(score);
            sample.Signals[stage.Signal + 2] = (float)logits.Probability(score);
        }

        if (stage.Embeddings is not null)
        {
            var half = new Half[image.Length];
            TensorPrimitives.ConvertToHalf(image, half);
            sample.Embeddings![place] = half;
        }
    }
}
