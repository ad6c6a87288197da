namespace Orchestrator.Inference.Text;

/// <summary>From the averaged input to a log-probability for each label (fastText, src/loss.cc).</summary>
internal abstract class FastTextOutput
{
    /// <summary>
    /// One logarithm for each label, in label order; minus infinity where the reference does not go on. fastText adds 1e-5 before
    /// each logarithm it takes.
    /// </summary>
    public abstract float[] LogProbabilities(ReadOnlySpan<float> hidden);

    public static FastTextOutput Create(FastTextLoss loss, FastTextMatrix weights, long[] labelCounts) => loss switch
    {
        FastTextLoss.HierarchicalSoftmax => new Tree(weights, labelCounts),
        FastTextLoss.Softmax => new Flat(weights, normalised: true),
        _ => new Flat(weights, normalised: false),
    };

    private static float Log(float value) => (float)Math.Log(value + 1e-5);

    private sealed class Flat(FastTextMatrix weights, bool normalised) : FastTextOutput
    {
        private const int TableSize = 512;
        private const int TableEdge = 8;

        public override float[] LogProbabilities(ReadOnlySpan<float> hidden)
        {
            var scores = new float[weights.Rows];
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = weights.Dot(hidden, i);
            }

            if (normalised)
            {
                Softmax(scores);
            }

            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = Log(normalised ? scores[i] : Sigmoid(scores[i]));
            }

            return scores;
        }

        private static void Softmax(float[] scores)
        {
            var largest = scores.Max();
            var sum = 0f;
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = (float)Math.Exp(scores[i] - largest);
                sum += scores[i];
            }

            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] /= sum;
            }
        }

        /// <summary>A step function of 512 steps over [-8, 8], as the reference tabulates it.</summary>
        private static float Sigmoid(float x)
        {
            if (x < -TableEdge)
            {
                return 0f;
            }

            if (x > TableEdge)
            {
                return 1f;
            }

            var step = (long)((x + TableEdge) * TableSize / TableEdge / 2);
            var at = ((float)(step * 2 * TableEdge) / TableSize) - TableEdge;
            return (float)(1.0 / (1.0 + MathF.Exp(-at)));
        }
    }

    /// <summary>A Huffman tree over label counts: a label's probability is the product of the turns on its path.</summary>
    private sealed class Tree : FastTextOutput
    {
        private readonly FastTextMatrix _weights;
        private readonly (int Left, int Right)[] _inner;
        private readonly int _labels;

        public Tree(FastTextMatrix weights, long[] labelCounts)
        {
            (_weights, _labels) = (weights, labelCounts.Length);
            _inner = new (int, int)[_labels - 1];
            var counts = new long[(2 * _labels) - 1];
            Array.Fill(counts, (long)1e15);
            labelCounts.CopyTo(counts, 0);
            // Labels are stored by falling count: the two smallest are at the end of the labels and at the front of the inner nodes.
            var (leaf, node) = (_labels - 1, _labels);
            for (var i = _labels; i < counts.Length; i++)
            {
                var left = leaf >= 0 && counts[leaf] < counts[node] ? leaf-- : node++;
                var right = leaf >= 0 && counts[leaf] < counts[node] ? leaf-- : node++;
                _inner[i - _labels] = (left, right);
                counts[i] = counts[left] + counts[right];
            }
        }

        public override float[] LogProbabilities(ReadOnlySpan<float> hidden)
        {
            var logs = new float[(2 * _labels) - 1];
            for (var i = logs.Length - 1; i >= _labels; i--)
            {
                var (left, right) = _inner[i - _labels];
                if (logs[i] < Log(0f))
                {
                    (logs[left], logs[right]) = (float.NegativeInfinity, float.NegativeInfinity);
                    continue;
                }

                var f = _weights.Dot(hidden, i - _labels);
                f = (float)(1.0 / (1 + MathF.Exp(-f)));
                logs[left] = logs[i] + Log((float)(1.0 - f));
                logs[right] = logs[i] + Log(f);
            }

            return [.. logs.Take(_labels).Select(log => log < Log(0f) ? float.NegativeInfinity : log)];
        }
    }
}
