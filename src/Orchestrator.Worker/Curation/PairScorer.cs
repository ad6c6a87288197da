using System.Numerics.Tensors;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Scores batches of prepared samples with one model stage. A batch is the next <c>batchSize</c> candidates of the shard in
/// order, so its composition is a function of the shard alone, never of timing.
/// </summary>
public sealed class PairScorer(ModelStage stage)
{
    /// <summary>Reason of samples whose score is NaN or infinite.</summary>
    public const string NotFinite = "score-not-finite";

    private readonly List<PreparedSample> _batch = new(stage.Options.BatchSize);
    private float[] _pixels = [];
    private long[] _ids = [];

    /// <summary>Adds a candidate and scores the batch once it is full.</summary>
    public void Add(PreparedSample sample, int stageIndex)
    {
        _batch.Add(sample);
        if (_batch.Count == stage.Options.BatchSize)
        {
            Flush(stageIndex);
        }
    }

    /// <summary>Scores what is left.</summary>
    public void Flush(int stageIndex)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        var encoder = stage.Encoder;
        var (count, pixels, context) = (_batch.Count, encoder.Contract.TensorLength, encoder.Tokenizer.ContextLength);
        Grow(ref _pixels, count * pixels);
        Grow(ref _ids, count * context);
        var lengths = new int[count];
        for (var i = 0; i < count; i++)
        {
            _batch[i].Tensors![stage.Tensor].CopyTo(_pixels.AsSpan(i * pixels));
            _batch[i].Tokens![stageIndex].CopyTo(_ids.AsSpan(i * context));
            lengths[i] = _batch[i].TokenLengths![stageIndex];
        }

        var images = encoder.EncodeImages(_pixels, count);
        var texts = encoder.EncodeTexts(_ids, lengths, count);
        for (var i = 0; i < count; i++)
        {
            var row = i * encoder.Dimension;
            var score = TensorPrimitives.Dot<float>(images.AsSpan(row, encoder.Dimension), texts.AsSpan(row, encoder.Dimension));
            if (stage.KeepsEmbeddings && float.IsFinite(score))
            {
                _batch[i].Embeddings![stageIndex] = ToHalf(images.AsSpan(row, encoder.Dimension));
            }

            Take(_batch[i], score);
        }

        _batch.Clear();
    }

    private void Take(PreparedSample sample, float score)
    {
        if (float.IsFinite(score))
        {
            sample.Signals[stage.Signal] = score;
        }
        else
        {
            sample.Trouble ??= new SampleTrouble(
                NotFinite, $"{stage.Options.As}: the model '{stage.Options.Model}' gave {score}; check the model's precision and the image");
        }

        if (--sample.StagesLeft == 0)
        {
            (sample.Tensors, sample.Tokens, sample.TokenLengths) = (null, null, null);
        }
    }

    private static Half[] ToHalf(ReadOnlySpan<float> row)
    {
        var half = new Half[row.Length];
        TensorPrimitives.ConvertToHalf(row, half);
        return half;
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            array = GC.AllocateUninitializedArray<T>(length);
        }
    }
}
