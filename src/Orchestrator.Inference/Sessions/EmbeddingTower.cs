using Microsoft.ML.OnnxRuntime;

namespace Orchestrator.Inference.Sessions;

/// <summary>One half of a dual encoder: a session, inputs that stay constant, and one output.</summary>
/// <remarks>Constant inputs feed the other half of a joint graph. Safe for concurrent use: a run owns its values, the constants are only read.</remarks>
internal sealed class EmbeddingTower(OrtSession session, GraphTensor output, int fixedBatch, IReadOnlyList<KeyValuePair<string, OrtValue>> constants, bool owns = true) : IDisposable
{
    private static readonly RunOptions Options = new();

    public OrtSession Session => session;

    public string OutputName => output.Name;

    /// <summary>Runs one batch; the values are disposed here.</summary>
    /// <returns>Floats of one row, after writing rows x that many floats.</returns>
    public int Run(IReadOnlyList<KeyValuePair<string, OrtValue>> inputs, int rows, Func<int, Memory<float>> destination)
    {
        try
        {
            string[] names = [.. inputs.Select(i => i.Key), .. constants.Select(i => i.Key)];
            OrtValue[] values = [.. inputs.Select(i => i.Value), .. constants.Select(i => i.Value)];
            using var results = session.Session.Run(Options, names, values, [output.Name]);
            var shape = results[0].GetTensorTypeAndShape().Shape;
            if (shape.Length != 2 || shape[0] != rows || shape[1] < 1)
            {
                throw new ModelContractException(session.File, output.Name, $"shape [{rows}, width]", $"[{string.Join(", ", shape)}]", "The output must hold one embedding a row");
            }

            TensorFeed.Read(results[0], destination((int)shape[1]).Span);
            return (int)shape[1];
        }
        finally
        {
            foreach (var input in inputs)
            {
                input.Value.Dispose();
            }
        }
    }

    public void Dispose()
    {
        foreach (var constant in constants)
        {
            constant.Value.Dispose();
        }

        if (owns)
        {
            session.Dispose();
        }
    }

    /// <summary>Refuses lengths that do not fit the count.</summary>
    public static void CheckLengths(int input, int rowLength, int output, int width, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (input != (long)count * rowLength || output != (long)count * width)
        {
            throw new ArgumentException($"{count} rows need {(long)count * rowLength} inputs and {(long)count * width} places, got {input} and {output}", nameof(count));
        }
    }

    /// <summary>Runs all rows at once, or one at a time where the graph's batch is fixed to 1.</summary>
    public void InChunks(int count, Action<int, int> run)
    {
        var step = fixedBatch == 0 ? count : fixedBatch;
        for (var from = 0; from < count; from += step)
        {
            run(from, step);
        }
    }
}
