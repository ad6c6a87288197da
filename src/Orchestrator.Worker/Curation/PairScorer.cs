using System.Numerics.Tensors;
using Orchestrator.Inference.Sessions;

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
        Grow(ref _ids, count * context);
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            var row = batch[i].Tokens![place]!;
            row.Ids.CopyTo(_ids.AsSpan(i * context));
            lengths[i] = row.Length;
        }

        var images = EncodeImages(batch);
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

    // Pictures whose embedding an earlier job kept are not encoded again: the rest of the batch is.
    private float[] EncodeImages(IReadOnlyList<PreparedSample> batch)
    {
        var (encoder, dimension) = (stage.Encoder, stage.Encoder.Dimension);
        var fresh = stage.Earlier is null ? batch : [.. batch.Where(s => s.Earlier?[place] is null)];
        var encoded = Array.Empty<float>();
        if (fresh.Count > 0)
        {
            Gather(fresh, stage.Tensor, ref _pixels);
            encoded = encoder.EncodeImages(_pixels, fresh.Count);
        }

        if (fresh.Count == batch.Count)
        {
            return encoded;
        }

        var (images, next) = (new float[batch.Count * dimension], 0);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = images.AsSpan(i * dimension, dimension);
            if (batch[i].Earlier![place] is { } half)
            {
                // Half precision has moved the length by up to a thousandth.
                TensorPrimitives.ConvertToSingle(half, row);
                Embeddings.Normalize(row, dimension);
            }
            else
            {
                encoded.AsSpan(next++ * dimension, dimension).CopyTo(row);
            }
        }

        return images;
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
            if (sample.Earlier?[place] is { } earlier)
            {
                // As it was: embeddings that are handed on from job to job do not drift.
                sample.Embeddings![place] = earlier;
                return;
            }

            var half = new Half[image.Length];
            TensorPrimitives.ConvertToHalf(image, half);
            sample.Embeddings![place] = half;
        }
    }
}
