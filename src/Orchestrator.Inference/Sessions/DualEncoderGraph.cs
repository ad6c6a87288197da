using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>The graphs of a dual encoder with their tensors resolved and checked.</summary>
internal sealed class DualEncoderGraph : IDisposable
{
    private static readonly string[] PixelNames = ["pixel_values", "pixels", "image", "images"];
    private static readonly string[] IdNames = ["input_ids", "ids", "tokens", "text"];
    private static readonly string[] MaskNames = ["attention_mask", "mask"];
    private static readonly string[] ImageOutputs = ["image_embeds", "image_features", "pooler_output"];
    private static readonly string[] TextOutputs = ["text_embeds", "text_features", "pooler_output"];

    private readonly GraphTensor _pixels;
    private readonly GraphTensor _ids;
    private readonly GraphTensor? _mask;
    private readonly PreprocessContract _preprocess;

    private DualEncoderGraph(EmbeddingTower image, EmbeddingTower text, GraphTensor pixels, GraphTensor ids, GraphTensor? mask, PreprocessContract preprocess) =>
        (Image, Text, _pixels, _ids, _mask, _preprocess) = (image, text, pixels, ids, mask, preprocess);

    public EmbeddingTower Image { get; }

    public EmbeddingTower Text { get; }

    public static DualEncoderGraph Open(ModelFolder folder, InferenceOptions options, PreprocessContract preprocess, ITextTokenizer tokenizer)
    {
        var vision = folder.FindGraph("vision", options.Precision, "vision_model", "visual");
        var text = folder.FindGraph("text", options.Precision, "text_model", "textual");
        if (vision is not null && text is not null)
        {
            return Split(folder, OrtSessions.Open(vision, options), () => OrtSessions.Open(text, options), preprocess, tokenizer);
        }

        var joint = folder.FindGraph("joint", options.Precision, "model")
            ?? throw new ModelContractException(folder.FolderPath, "file", "onnx/vision_model.onnx with onnx/text_model.onnx, or onnx/model.onnx", "neither", $"Export the model, or name the files in {ModelManifest.FileName} under files.vision and files.text, or files.joint");
        return Joint(folder, OrtSessions.Open(joint, options), preprocess, tokenizer);
    }

    public int RunImages(ReadOnlyMemory<float> pixels, int rows, Func<int, Memory<float>> destination) =>
        Image.Run([KeyValuePair.Create(_pixels.Name, TensorFeed.Floats(pixels, _pixels.Type, rows, 3, _preprocess.Height, _preprocess.Width))], rows, destination);

    public int RunTexts(ReadOnlyMemory<long> ids, ReadOnlyMemory<int> lengths, int rows, int context, Func<int, Memory<float>> destination)
    {
        var inputs = new List<KeyValuePair<string, OrtValue>>(2) { KeyValuePair.Create(_ids.Name, TensorFeed.Integers(ids, _ids.Type, rows, context)) };
        if (_mask is not null)
        {
            inputs.Add(KeyValuePair.Create(_mask.Name, TensorFeed.Integers(Mask(lengths.Span, context), _mask.Type, rows, context)));
        }

        return Text.Run(inputs, rows, destination);
    }

    public void Dispose()
    {
        Image.Dispose();
        Text.Dispose();
        Image.Session.Dispose();
        if (!ReferenceEquals(Image.Session, Text.Session))
        {
            Text.Session.Dispose();
        }
    }

    private static DualEncoderGraph Split(ModelFolder folder, OrtSession vision, Func<OrtSession> openText, PreprocessContract preprocess, ITextTokenizer tokenizer)
    {
        OrtSession? text = null;
        try
        {
            text = openText();
            var imageContract = new GraphContract(vision);
            var pixels = Pixels(folder, imageContract, preprocess);
            imageContract.RefuseUnclaimedInputs();
            var textContract = new GraphContract(text);
            var (ids, mask) = Ids(folder, textContract, tokenizer);
            textContract.RefuseUnclaimedInputs();
            var image = new EmbeddingTower(vision, imageContract.Output("vision", folder.Manifest.Outputs.GetValueOrDefault("vision"), ImageOutputs, 2), imageContract.Batch(pixels), []);
            var words = new EmbeddingTower(text, textContract.Output("text", folder.Manifest.Outputs.GetValueOrDefault("text"), TextOutputs, 2), textContract.Batch(ids), []);
            return new DualEncoderGraph(image, words, pixels, ids, mask, preprocess);
        }
        catch
        {
            vision.Dispose();
            text?.Dispose();
            throw;
        }
    }

    private static DualEncoderGraph Joint(ModelFolder folder, OrtSession session, PreprocessContract preprocess, ITextTokenizer tokenizer)
    {
        try
        {
            var contract = new GraphContract(session);
            var pixels = Pixels(folder, contract, preprocess);
            var (ids, mask) = Ids(folder, contract, tokenizer);
            contract.RefuseUnclaimedInputs();
            var imageOutput = contract.Output("vision", folder.Manifest.Outputs.GetValueOrDefault("vision"), ImageOutputs.AsSpan(0, 2), 2);
            var textOutput = contract.Output("text", folder.Manifest.Outputs.GetValueOrDefault("text"), TextOutputs.AsSpan(0, 2), 2);

            var row = new long[tokenizer.ContextLength];
            var length = tokenizer.Encode("", row);
            List<KeyValuePair<string, OrtValue>> noText = [KeyValuePair.Create(ids.Name, TensorFeed.Integers(row, ids.Type, 1, row.Length))];
            if (mask is not null)
            {
                noText.Add(KeyValuePair.Create(mask.Name, TensorFeed.Integers(Mask([length], row.Length), mask.Type, 1, row.Length)));
            }

            var noImage = KeyValuePair.Create(pixels.Name, TensorFeed.Floats(new float[preprocess.TensorLength], pixels.Type, 1, 3, preprocess.Height, preprocess.Width));
            return new DualEncoderGraph(
                new EmbeddingTower(session, imageOutput, contract.Batch(pixels), noText),
                new EmbeddingTower(session, textOutput, contract.Batch(ids), [noImage]),
                pixels, ids, mask, preprocess);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static GraphTensor Pixels(ModelFolder folder, GraphContract contract, PreprocessContract preprocess)
    {
        var pixels = contract.Input("vision", folder.Manifest.Inputs.GetValueOrDefault("vision"), PixelNames, 4, TensorElementType.Float, TensorElementType.Float16);
        const string remedy = "preprocessor_config.json and the graph come from different models";
        contract.Axis(pixels, 1, 3, "channels");
        contract.Axis(pixels, 2, preprocess.Height, "height", remedy);
        contract.Axis(pixels, 3, preprocess.Width, "width", remedy);
        return pixels;
    }

    private static (GraphTensor Ids, GraphTensor? Mask) Ids(ModelFolder folder, GraphContract contract, ITextTokenizer tokenizer)
    {
        var inputs = folder.Manifest.Inputs;
        var ids = contract.Input("text", inputs.GetValueOrDefault("text"), IdNames, 2, TensorElementType.Int64, TensorElementType.Int32);
        var mask = contract.OptionalInput("mask", inputs.GetValueOrDefault("mask"), MaskNames, 2, TensorElementType.Int64, TensorElementType.Int32);
        const string remedy = "the tokenizer files and the graph come from different models";
        contract.Axis(ids, 1, tokenizer.ContextLength, "length", remedy);
        if (mask is not null)
        {
            contract.Axis(mask, 1, tokenizer.ContextLength, "length", remedy);
        }

        return (ids, mask);
    }

    private static long[] Mask(ReadOnlySpan<int> lengths, int context)
    {
        var mask = new long[lengths.Length * context];
        for (var i = 0; i < lengths.Length; i++)
        {
            mask.AsSpan(i * context, lengths[i]).Fill(1);
        }

        return mask;
    }
}
