using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Captioning;

/// <summary>The image encoder of a <c>blip-caption</c> or <c>blip-itm</c> folder: <c>pixel_values [B,3,H,W]</c> to <c>image_embeds [B,N,D]</c>. Safe for concurrent use.</summary>
internal sealed class ImageStateEncoder : IDisposable
{
    private static readonly RunOptions Options = new();

    private readonly OrtSession _session;
    private readonly GraphTensor _pixels;
    private readonly GraphTensor _output;

    private ImageStateEncoder(OrtSession session, PreprocessContract preprocess, GraphTensor pixels, GraphTensor output) =>
        (_session, Preprocess, _pixels, _output) = (session, preprocess, pixels, output);

    public PreprocessContract Preprocess { get; }

    public OrtSession Session => _session;

    /// <exception cref="ModelContractException">Graph and preprocessor_config.json do not fit together.</exception>
    public static ImageStateEncoder Load(ModelFolder folder, InferenceOptions options)
    {
        var preprocess = PreprocessContract.Read(folder.PathOf("preprocessor_config.json"));
        var session = OrtSessions.Open(folder.FindGraph("vision", options.Precision, "vision_model") ?? folder.PathOf("onnx/vision_model.onnx"), options);
        try
        {
            var contract = new GraphContract(session);
            var pixels = contract.Pixels(folder, "vision", preprocess);
            contract.RefuseUnclaimedInputs("pixels");
            return new ImageStateEncoder(session, preprocess, pixels, contract.Output("vision", folder.Manifest.Outputs.GetValueOrDefault("vision"), ["image_embeds", "last_hidden_state"], 3));
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Encodes count images given as count x <see cref="PreprocessContract.TensorLength"/> floats.</summary>
    public ImageStates Encode(ReadOnlyMemory<float> pixels, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (pixels.Length != (long)count * Preprocess.TensorLength)
        {
            throw new ArgumentException($"{count} images need {(long)count * Preprocess.TensorLength} floats, got {pixels.Length}", nameof(pixels));
        }

        using var input = TensorFeed.Floats(pixels, _pixels.Type, count, 3, Preprocess.Height, Preprocess.Width);
        using var results = _session.Session.Run(Options, [_pixels.Name], [input], [_output.Name]);
        var shape = results[0].GetTensorTypeAndShape().Shape;
        if (shape.Length != 3 || shape[0] != count)
        {
            throw new ModelContractException(_session.File, _output.Name, $"shape [{count}, tokens, width]", $"[{string.Join(", ", shape)}]");
        }

        var values = new float[shape[0] * shape[1] * shape[2]];
        TensorFeed.Read(results[0], values);
        return new ImageStates(values, count, (int)shape[1], (int)shape[2]);
    }

    public void Dispose() => _session.Dispose();
}
