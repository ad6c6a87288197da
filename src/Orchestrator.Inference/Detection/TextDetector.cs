using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Detection;

/// <summary>Probability of text over a picture.</summary>
/// <param name="Values">[height, width], each in [0, 1]. The map covers the whole picture.</param>
/// <param name="Width">Columns.</param>
public sealed record TextMap(float[] Values, int Width);

/// <summary>
/// A text detector of kind <c>text-detector</c>: <c>pixel_values [N,3,H,W]</c> to <c>text_probability [N,1,h,w]</c>, the map that DB- and FAST-like detectors
/// give before boxes are made of it. Safe for concurrent use; disposing while a run is under way is not.
/// </summary>
public sealed class TextDetector : IDisposable
{
    /// <summary>Kind of its model folder.</summary>
    public const string Kind = "text-detector";

    private const float Slack = 1e-3f;

    private static readonly RunOptions Options = new();

    private readonly OrtSession _session;
    private readonly GraphTensor _pixels;
    private readonly GraphTensor _output;

    private TextDetector(ModelFolder folder, OrtSession session, PreprocessContract preprocess, GraphTensor pixels, GraphTensor output)
    {
        (Folder, _session, Preprocess, _pixels, _output) = (folder, session, preprocess, pixels, output);
        Detect(new float[preprocess.TensorLength]);
    }

    /// <summary>The folder it was loaded from.</summary>
    public ModelFolder Folder { get; }

    /// <summary>What it takes.</summary>
    public PreprocessContract Preprocess { get; }

    /// <summary>Provider it runs on: cuda or cpu.</summary>
    public string Provider => _session.Provider;

    /// <summary>Loads and checks a folder, with one picture through the graph.</summary>
    /// <exception cref="ModelContractException">A file is missing, or graph and preprocessor_config.json do not fit together.</exception>
    public static TextDetector Load(ModelFolder folder, InferenceOptions options)
    {
        if (folder.Kind != Kind)
        {
            throw new ModelContractException(folder.FolderPath, "kind", Kind, folder.Kind);
        }

        var config = folder.PathOf("preprocessor_config.json");
        var preprocess = PreprocessContract.Read(config);
        if (preprocess.Resize != ResizeMode.Exact || (preprocess.CropHeight > 0 && (preprocess.CropHeight, preprocess.CropWidth) != (preprocess.ResizeHeight, preprocess.ResizeWidth)))
        {
            throw new ModelContractException(config, "size", "height and width, and do_center_crop false: the map must cover the whole picture", $"{preprocess.Resize} with a crop of {preprocess.CropHeight} x {preprocess.CropWidth}");
        }

        var session = OrtSessions.Open(folder.FindGraph("detector", options.Precision, "model") ?? folder.PathOf("onnx/model.onnx"), options);
        try
        {
            var contract = new GraphContract(session);
            var pixels = contract.Pixels(folder, "detector", preprocess);
            contract.RefuseUnclaimedInputs("pixels");
            return new TextDetector(folder, session, preprocess, pixels, contract.Output("detector", folder.Manifest.Outputs.GetValueOrDefault("detector"), ["text_probability"], 4));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Maps one picture, given as <see cref="PreprocessContract.TensorLength"/> floats.</summary>
    /// <exception cref="ModelContractException">The output is not one map of probabilities.</exception>
    public TextMap Detect(ReadOnlyMemory<float> pixels)
    {
        using var input = TensorFeed.Floats(pixels, _pixels.Type, 1, 3, Preprocess.Height, Preprocess.Width);
        using var results = _session.Session.Run(Options, [_pixels.Name], [input], [_output.Name]);
        var shape = results[0].GetTensorTypeAndShape().Shape;
        if (shape.Length != 4 || shape[0] != 1 || shape[1] != 1 || shape[2] < 1 || shape[3] < 1)
        {
            throw new ModelContractException(_session.File, _output.Name, "shape [1, 1, height, width]", $"[{string.Join(", ", shape)}]", "Export the map of probabilities alone");
        }

        var values = new float[shape[2] * shape[3]];
        TensorFeed.Read(results[0], values);
        var wrong = Array.FindIndex(values, v => v is < -Slack or > 1 + Slack);
        return wrong < 0
            ? new TextMap(values, (int)shape[3])
            : throw new ModelContractException(_session.File, _output.Name, "probabilities from 0 to 1", $"{values[wrong]}", "Export the graph with its sigmoid");
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
