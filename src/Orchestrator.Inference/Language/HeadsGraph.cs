using Microsoft.ML.OnnxRuntime;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Language;

/// <summary>
/// Medusa's heads, or parallel multi-token prediction: <c>hidden_states</c> [1, 1, D] in, <c>medusa_logits</c> [K, 1, 1, V] out
/// (other names are taken where there is one input and one output). Safe for concurrent calls.
/// </summary>
public sealed class HeadsGraph : IDraftHeads, IDisposable
{
    private readonly OrtSession session;
    private readonly string input;
    private readonly string output;
    private readonly int width;

    private HeadsGraph(OrtSession session)
    {
        this.session = session;
        var (inputs, outputs) = (session.Session.InputMetadata, session.Session.OutputMetadata);
        if (inputs.Count != 1 || outputs.Count != 1)
        {
            throw new ModelContractException(session.File, "file", "hidden states in, logits of every head out", $"{inputs.Count} inputs and {outputs.Count} outputs", "Export the heads alone");
        }

        (input, output) = (inputs.Keys.Single(), outputs.Keys.Single());
        width = inputs[input].Dimensions[^1];
        var shape = outputs[output].Dimensions;
        if (shape.Length != 4 || shape[0] <= 0 || shape[3] <= 0)
        {
            throw new ModelContractException(session.File, output, "[heads, batch, sequence, vocabulary] with fixed heads and vocabulary", $"[{string.Join(", ", shape)}]", "Export the heads stacked on a first axis");
        }

        (Count, VocabularySize) = (shape[0], shape[3]);
    }

    /// <summary>The graph's file.</summary>
    public string File => session.File;

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Logits a row.</summary>
    public int VocabularySize { get; }

    /// <summary>Opens the graph.</summary>
    /// <exception cref="ModelContractException">The file is missing, does not load, or holds no heads.</exception>
    public static HeadsGraph Open(string file, InferenceOptions options)
    {
        var session = OrtSessions.Open(file, options);
        try
        {
            return new HeadsGraph(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ILogitRows Predict(ReadOnlySpan<float> hidden)
    {
        if (width > 0 && hidden.Length != width)
        {
            throw new ModelContractException(session.File, input, $"hidden states of width {width}", $"{hidden.Length} from the target", "Use the heads that were trained for this target");
        }

        using var run = new RunOptions();
        using var feed = TensorFeed.Floats(hidden.ToArray(), session.Session.InputMetadata[input].ElementDataType, 1, 1, hidden.Length);
        using var outputs = session.Session.Run(run, [input], [feed], [output]);
        var logits = new float[Count * VocabularySize];
        TensorFeed.Read(outputs[0], logits);
        return new HeadRows(logits, VocabularySize);
    }

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    private sealed class HeadRows(float[] logits, int vocabulary) : ILogitRows
    {
        public int Count => logits.Length / vocabulary;

        public int VocabularySize => vocabulary;

        public ReadOnlySpan<float> Row(int node) => logits.AsSpan(node * vocabulary, vocabulary);

        public ReadOnlySpan<float> Hidden(int node) => [];
    }
}
