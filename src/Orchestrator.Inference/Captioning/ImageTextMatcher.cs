using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Captioning;

/// <summary>The token a matcher reads its verdict from.</summary>
public enum MatchToken
{
    /// <summary><c>[ENC]</c> in place of <c>[CLS]</c>: BLIP's retrieval code, its pretraining, and LAVIS. The default for CapFilt.</summary>
    Encoder,

    /// <summary><c>[CLS]</c>: BLIP's models/blip_itm.py and transformers' BlipForImageTextRetrieval. Same weights, other scores.</summary>
    Class,
}

/// <summary>A BLIP image-text matcher (the filter of CapFilt): probability that a text describes an image. Kind <c>blip-itm</c>.</summary>
/// <remarks>
/// The score is <c>softmax(itm_logits)[1]</c>, in [0, 1]; CapFilt keeps 0.5 and more. Texts are cut to 35 tokens (manifest: <c>max_tokens</c>) and
/// always padded to that, so a score depends on its image, its text and the number of rows, never on the other texts. Safe for concurrent use;
/// disposing while a run is under way is not.
/// </remarks>
public sealed class ImageTextMatcher : IDisposable
{
    /// <summary>Ids of a text where the manifest states no <c>max_tokens</c>.</summary>
    internal const int LongestText = 35;

    private static readonly RunOptions Options = new();

    private readonly int _length;
    private readonly ImageStateEncoder _images;
    private readonly OrtSession _session;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly GraphTensor _ids;
    private readonly GraphTensor _mask;
    private readonly GraphTensor _encoder;
    private readonly string _output;
    private readonly int _encoderToken;

    private ImageTextMatcher(ModelFolder folder, ImageStateEncoder images, OrtSession session, WordPieceTokenizer tokenizer)
    {
        (Folder, _images, _session, _tokenizer) = (folder, images, session, tokenizer);
        _length = tokenizer.ContextLength;
        var contract = new GraphContract(session);
        _ids = contract.Input("text", folder.Manifest.Inputs.GetValueOrDefault("text"), ["input_ids"], 2, TensorElementType.Int64, TensorElementType.Int32);
        _mask = contract.Input("mask", null, ["attention_mask"], 2, TensorElementType.Int64, TensorElementType.Int32);
        _encoder = contract.Input("encoder", null, ["encoder_hidden_states"], 3, TensorElementType.Float, TensorElementType.Float16);
        contract.Axis(_ids, 1, _length, "length");
        contract.RefuseUnclaimedInputs("ids, mask and image states");
        _output = contract.Output("text", folder.Manifest.Outputs.GetValueOrDefault("text"), ["itm_logits", "itm_score", "logits"], 2).Name;
        _encoderToken = tokenizer.IdOf(folder.Manifest.Text("enc_token") ?? "[ENC]");
    }

    /// <summary>The folder it was loaded from.</summary>
    public ModelFolder Folder { get; }

    /// <summary>What the image encoder takes.</summary>
    public PreprocessContract Preprocess => _images.Preprocess;

    /// <summary>Provider the text encoder runs on: cuda or cpu.</summary>
    public string Provider => _session.Provider;

    /// <summary>Loads and checks a folder of kind blip-itm; one text is matched with one grey image.</summary>
    /// <exception cref="ModelContractException">A file is missing, or graphs, configs and tokenizer do not fit together.</exception>
    public static ImageTextMatcher Load(ModelFolder folder, InferenceOptions options)
    {
        if (folder.Kind != "blip-itm")
        {
            throw new ModelContractException(folder.FolderPath, "kind", "blip-itm", folder.Kind);
        }

        var tokenizer = TextTokenizers.LoadWordPiece(folder, folder.Manifest.Integer("max_tokens") ?? LongestText);
        var images = ImageStateEncoder.Load(folder, options);
        OrtSession? session = null;
        try
        {
            session = OrtSessions.Open(folder.FindGraph("text", options.Precision, "text_encoder_model", "text_model") ?? folder.PathOf("onnx/text_encoder_model.onnx"), options);
            var matcher = new ImageTextMatcher(folder, images, session, tokenizer);
            matcher.Match(matcher.EncodeImages(new float[matcher.Preprocess.TensorLength], 1), ["a"]);
            return matcher;
        }
        catch
        {
            images.Dispose();
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Encodes images; the states can be matched with any number of texts.</summary>
    /// <param name="pixels">count x <see cref="PreprocessContract.TensorLength"/> floats, as <see cref="ImagePreprocessor.Write"/> makes them.</param>
    /// <param name="count">Images, 1 or more.</param>
    /// <exception cref="ArgumentException">The length does not fit the count.</exception>
    public ImageStates EncodeImages(ReadOnlyMemory<float> pixels, int count) => _images.Encode(pixels, count);

    /// <summary>Probability that text i describes image i, in [0, 1]; NaN where the logits are not numbers.</summary>
    /// <param name="states">As many images as texts; <see cref="ImageStates.Select"/> repeats an image that has several texts.</param>
    /// <param name="texts">Texts of any length, as the tokenizer shall see them (<see cref="BlipCaption.Clean"/> is the caller's choice).</param>
    /// <param name="token">Token in the first place. Default <c>[ENC]</c>.</param>
    /// <exception cref="ArgumentException">Images and texts differ in number.</exception>
    public float[] Match(ImageStates states, IReadOnlyList<string> texts, MatchToken token = MatchToken.Encoder)
    {
        if (states.Count != texts.Count || texts.Count == 0)
        {
            throw new ArgumentException($"{states.Count} images and {texts.Count} texts do not make pairs", nameof(texts));
        }

        var rows = texts.Count;
        var (ids, mask) = (new long[rows * _length], new long[rows * _length]);
        for (var row = 0; row < rows; row++)
        {
            var length = _tokenizer.Encode(texts[row], ids.AsSpan(row * _length, _length));
            mask.AsSpan(row * _length, length).Fill(1);
            if (token == MatchToken.Encoder)
            {
                ids[row * _length] = _encoderToken;
            }
        }

        using var idsValue = TensorFeed.Integers(ids, _ids.Type, rows, _length);
        using var maskValue = TensorFeed.Integers(mask, _mask.Type, rows, _length);
        using var encoderValue = TensorFeed.Floats(states.Values, _encoder.Type, rows, states.Tokens, states.Width);
        using var results = _session.Session.Run(Options, [_ids.Name, _mask.Name, _encoder.Name], [idsValue, maskValue, encoderValue], [_output]);
        var shape = results[0].GetTensorTypeAndShape().Shape;
        if (shape.Length != 2 || shape[0] != rows || shape[1] != 2)
        {
            throw new ModelContractException(_session.File, _output, $"shape [{rows}, 2]: unmatched and matched", $"[{string.Join(", ", shape)}]");
        }

        var logits = new float[rows * 2];
        TensorFeed.Read(results[0], logits);
        return [.. Enumerable.Range(0, rows).Select(row => (float)(1 / (1 + Math.Exp((double)logits[2 * row] - logits[(2 * row) + 1]))))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _images.Dispose();
        _session.Dispose();
    }
}
