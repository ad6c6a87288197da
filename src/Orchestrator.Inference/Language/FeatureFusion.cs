using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Language;

/// <summary>EAGLE-3's linear map of three layers' hidden states, [1, 1, 3D], to the one that its head reads, [1, 1, D].</summary>
public sealed class FeatureFusion : IDisposable
{
    private readonly OrtSession session;
    private readonly RunOptions run = new();
    private readonly string input;
    private readonly string output;

    private FeatureFusion(OrtSession session)
    {
        this.session = session;
        (input, output) = (session.Session.InputMetadata.Keys.Single(), session.Session.OutputMetadata.Keys.Single());
    }

    /// <summary>Opens the graph: one input and one output.</summary>
    public static FeatureFusion Open(string file, InferenceOptions options)
    {
        var session = OrtSessions.Open(file, options);
        if (session.Session.InputMetadata.Count != 1 || session.Session.OutputMetadata.Count != 1)
        {
            session.Dispose();
            throw new ModelContractException(file, "file", "one input and one output", "others", "Export the fusion of hidden states alone");
        }

        return new FeatureFusion(session);
    }

    /// <summary>Fuses one row.</summary>
    public float[] Fuse(ReadOnlySpan<float> hidden)
    {
        var width = session.Session.InputMetadata[input].Dimensions[^1];
        if (width > 0 && width != hidden.Length)
        {
            throw new ModelContractException(session.File, input, $"hidden states of {width} values", $"{hidden.Length}", "Fetch the layers that the head was trained on (feature_layers)");
        }

        using var feed = TensorFeed.Floats(hidden.ToArray(), session.Session.InputMetadata[input].ElementDataType, 1, 1, hidden.Length);
        using var outputs = session.Session.Run(run, [input], [feed], [output]);
        var fused = new float[outputs[0].GetTensorTypeAndShape().ElementCount];
        TensorFeed.Read(outputs[0], fused);
        return fused;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        run.Dispose();
        session.Dispose();
    }
}
