using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>Finds the graphs of a dual encoder, resolves and checks their tensors, and makes the towers.</summary>
internal static class DualEncoderGraphs
{
    private static readonly string[] IdNames = ["input_ids", "ids", "tokens", "text"];
    private static readonly string[] MaskNames = ["attention_mask", "mask"];
    private static readonly string[] ImageOutputs = ["image_embeds", "image_features", "pooler_output"];
    private static readonly string[] TextOutputs = ["text_embeds", "text_features", "pooler_output"];

    public static (ImageTower Images, TextTower Texts) Open(ModelFolder folder, InferenceOptions options)
    {
        CheckKind(folder);
        var preprocess = PreprocessContract.Read(folder.PathOf("preprocessor_config.json"));
        var tokenizer = TextTokenizers.Load(folder);
        if (SplitFiles(folder, options) is not (null, null) and var (vision, text))
        {
            var images = Guarded(OrtSessions.Open(vision!, options), session => Images(folder, session, preprocess));
            try
            {
                return (images, Guarded(OrtSessions.Open(text!, options), session => Texts(folder, session, tokenizer)));
            }
            catch
            {
                images.Dispose();
                throw;
            }
        }

        // One session for both: the text tower disposes it.
        return Guarded(OpenJoint(folder, options), session => (JointImages(folder, session, preprocess, tokenizer, owns: false), JointTexts(folder, session, preprocess, tokenizer)));
    }

    public static ImageTower OpenImages(ModelFolder folder, InferenceOptions options)
    {
        CheckKind(folder);
        var preprocess = PreprocessContract.Read(folder.PathOf("preprocessor_config.json"));
        return SplitFiles(folder, options).Vision is { } vision
            ? Guarded(OrtSessions.Open(vision, options), session => Images(folder, session, preprocess))
            : Guarded(OpenJoint(folder, options), session => JointImages(folder, session, preprocess, TextTokenizers.Load(folder), owns: true));
    }

    public static TextTower OpenTexts(ModelFolder folder, InferenceOptions options)
    {
        CheckKind(folder);
        var tokenizer = TextTokenizers.Load(folder);
        return SplitFiles(folder, options).Text is { } text
            ? Guarded(OrtSessions.Open(text, options), session => Texts(folder, session, tokenizer))
            : Guarded(OpenJoint(folder, options), session => JointTexts(folder, session, PreprocessContract.Read(folder.PathOf("preprocessor_config.json")), tokenizer));
    }

    private static void CheckKind(ModelFolder folder)
    {
        if (folder.Kind is not ("clip" or "siglip"))
        {
            throw new ModelContractException(folder.FolderPath, "kind", "clip or siglip", folder.Kind);
        }
    }

    /// <summary>The two files of a split export; both null unless both are there.</summary>
    private static (string? Vision, string? Text) SplitFiles(ModelFolder folder, InferenceOptions options)
    {
        var vision = folder.FindGraph("vision", options.Precision, "vision_model", "visual");
        var text = folder.FindGraph("text", options.Precision, "text_model", "textual");
        return vision is not null && text is not null ? (vision, text) : (null, null);
    }

    private static OrtSession OpenJoint(ModelFolder folder, InferenceOptions options) =>
        OrtSessions.Open(
            folder.FindGraph("joint", options.Precision, "model")
                ?? throw new ModelContractException(folder.FolderPath, "file", "onnx/vision_model.onnx with onnx/text_model.onnx, or onnx/model.onnx", "neither", $"Export the model, or name the files in {ModelManifest.FileName} under files.vision and files.text, or files.joint"),
            options);

    private static T Guarded<T>(OrtSession session, Func<OrtSession, T> make)
    {
        try
        {
            return make(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static ImageTower Images(ModelFolder folder, OrtSession session, PreprocessContract preprocess)
    {
        var contract = new GraphContract(session);
        var pixels = contract.Pixels(folder, "vision", preprocess);
        contract.RefuseUnclaimedInputs("pixels");
        var output = contract.Output("vision", folder.Manifest.Outputs.GetValueOrDefault("vision"), ImageOutputs, 2);
        return new ImageTower(new EmbeddingTower(session, output, contract.Batch(pixels), []), pixels, preprocess);
    }

    private static TextTower Texts(ModelFolder folder, OrtSession session, ITextTokenizer tokenizer)
    {
        var contract = new GraphContract(session);
        var (ids, mask) = Ids(folder, contract, tokenizer);
        contract.RefuseUnclaimedInputs("ids and mask");
        var output = contract.Output("text", folder.Manifest.Outputs.GetValueOrDefault("text"), TextOutputs, 2);
        return new TextTower(new EmbeddingTower(session, output, contract.Batch(ids), []), ids, mask, tokenizer);
    }

    /// <summary>The image half of a joint graph, whose text half is fed one empty text each time.</summary>
    private static ImageTower JointImages(ModelFolder folder, OrtSession session, PreprocessContract preprocess, ITextTokenizer tokenizer, bool owns)
    {
        var (contract, pixels, ids, mask) = JointContract(folder, session, preprocess, tokenizer);
        var output = contract.Output("vision", folder.Manifest.Outputs.GetValueOrDefault("vision"), ImageOutputs.AsSpan(0, 2), 2);
        var row = new long[tokenizer.ContextLength];
        var length = tokenizer.Encode("", row);
        List<KeyValuePair<string, OrtValue>> noText = [KeyValuePair.Create(ids.Name, TensorFeed.Integers(row, ids.Type, 1, row.Length))];
        if (mask is not null)
        {
            noText.Add(KeyValuePair.Create(mask.Name, TensorFeed.Integers(TextTower.Mask([length], row.Length), mask.Type, 1, row.Length)));
        }

        return new ImageTower(new EmbeddingTower(session, output, contract.Batch(pixels), noText, owns), pixels, preprocess);
    }

    /// <summary>The text half of a joint graph, whose image half is fed one grey image each time.</summary>
    private static TextTower JointTexts(ModelFolder folder, OrtSession session, PreprocessContract preprocess, ITextTokenizer tokenizer)
    {
        var (contract, pixels, ids, mask) = JointContract(folder, session, preprocess, tokenizer);
        var output = contract.Output("text", folder.Manifest.Outputs.GetValueOrDefault("text"), TextOutputs.AsSpan(0, 2), 2);
        var noImage = KeyValuePair.Create(pixels.Name, TensorFeed.Floats(new float[preprocess.TensorLength], pixels.Type, 1, 3, preprocess.Height, preprocess.Width));
        return new TextTower(new EmbeddingTower(session, output, contract.Batch(ids), [noImage]), ids, mask, tokenizer);
    }

    private static (GraphContract Contract, GraphTensor Pixels, GraphTensor Ids, GraphTensor? Mask) JointContract(ModelFolder folder, OrtSession session, PreprocessContract preprocess, ITextTokenizer tokenizer)
    {
        var contract = new GraphContract(session);
        var pixels = contract.Pixels(folder, "vision", preprocess);
        var (ids, mask) = Ids(folder, contract, tokenizer);
        contract.RefuseUnclaimedInputs("pixels, ids and mask");
        return (contract, pixels, ids, mask);
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
}
