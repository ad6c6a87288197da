using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Dedup;

namespace Orchestrator.Bench.PoolStages;

/// <summary>Unit rows around 500 directions, made anew at each reading as rows of a file are read.</summary>
internal sealed class SyntheticEmbeddings(int count, int dimension) : IEmbeddingSource
{
    private const int Directions = 500;

    public int Dimension => dimension;

    public IEnumerable<ReadOnlyMemory<float>> Open()
    {
        var directions = Enumerable.Range(0, Directions).Select(d => Row(1, d, 1)).ToArray();
        for (var i = 0; i < count; i++)
        {
            var row = Row(2, i, 0.6f);
            var near = directions[(int)(SampleChance.Bits(1, 3, 0, (ulong)i) % Directions)];
            for (var j = 0; j < dimension; j++)
            {
                row[j] += near[j];
            }

            var length = MathF.Sqrt(row.Sum(v => v * v));
            yield return Array.ConvertAll(row, v => v / length);
        }
    }

    private float[] Row(ulong stream, int i, float scale)
    {
        // One draw a row and a cheap step from value to value: the bench measures the stages, not this.
        var (state, row) = (SampleChance.Bits(1, stream, 0, (ulong)i), new float[dimension]);
        for (var j = 0; j < dimension; j++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            row[j] = ((int)(state >> 40) - (1 << 23)) * (scale / (1 << 23));
        }

        return row;
    }
}
