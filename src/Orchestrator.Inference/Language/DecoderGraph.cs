using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Language;

/// <summary>How a decoder graph is told which rows a row may look at.</summary>
public enum MaskInput
{
    /// <summary><c>attention_bias</c> [B, 1, S, P+S], added to the scores: any tree in one forward.</summary>
    Bias,

    /// <summary><c>attention_mask</c> [B, P+S] of 0 and 1, with the causal mask inside the graph (Optimum): chains, and trees as a batch of leaf paths.</summary>
    Padding,
}

/// <summary>
/// A decoder with key-value cache as an ONNX graph: <c>input_ids</c> [B, S], a mask, <c>position_ids</c> [B, S] where it takes
/// them, <c>past_key_values.{i}.key|value</c> [B, Hkv, P, d] in, <c>logits</c> [B, S, V] and <c>present.{i}.key|value</c>
/// [B, Hkv, P+S, d] out; heads on hidden states (EAGLE, MTP) also take <c>hidden_states</c> [B, S, D]. Shapes and types are
/// read from the graph. Safe for concurrent sequences.
/// </summary>
public sealed class DecoderGraph : IDisposable
{
    /// <summary>Output: what the language-model head reads, [B, S, D].</summary>
    public const string HiddenStates = "hidden_states";

    /// <summary>Output of a head: what takes the hidden state's place at the next position, [B, S, D].</summary>
    public const string HiddenStatesOut = "hidden_states_out";

    internal const string InputIds = "input_ids";
    internal const string PositionIds = "position_ids";
    internal const string AttentionBias = "attention_bias";
    internal const string AttentionMask = "attention_mask";
    internal const string Logits = "logits";

    private readonly OrtSession session;

    private DecoderGraph(OrtSession session)
    {
        this.session = session;
        var inputs = session.Session.InputMetadata;
        var outputs = session.Session.OutputMetadata;
        Require(inputs, InputIds, 2, "[batch, sequence]", TensorElementType.Int64);
        VocabularySize = Require(outputs, Logits, 3, "[batch, sequence, vocabulary]", TensorElementType.Float, TensorElementType.Float16).Dimensions[2];
        if (VocabularySize <= 0)
        {
            throw new ModelContractException(File, Logits, "a fixed vocabulary axis", "a symbolic one", "Export the model with dynamic axes for batch and sequence only");
        }

        if (inputs.TryGetValue(AttentionBias, out var bias))
        {
            (Mask, BiasType) = (MaskInput.Bias, bias.ElementDataType);
        }
        else
        {
            Require(inputs, AttentionMask, 2, "[batch, past + sequence]", TensorElementType.Int64);
            Mask = MaskInput.Padding;
        }

        HasPositions = inputs.ContainsKey(PositionIds);
        HiddenType = inputs.TryGetValue(HiddenStates, out var hidden) ? hidden.ElementDataType : null;
        HiddenWidth = hidden?.Dimensions[^1] ?? 0;
        while (inputs.ContainsKey(PastName(PastNames.Count / 2, "key")))
        {
            var layer = PastNames.Count / 2;
            foreach (var part in (string[])["key", "value"])
            {
                var past = Require(inputs, PastName(layer, part), 4, "[batch, heads, past, head width]", TensorElementType.Float, TensorElementType.Float16);
                Require(outputs, PresentName(layer, part), 4, "[batch, heads, past + sequence, head width]", past.ElementDataType);
                if (past.Dimensions[1] <= 0 || past.Dimensions[3] <= 0)
                {
                    throw new ModelContractException(
                        File, PastName(layer, part), "fixed axes for heads and head width", $"[{string.Join(", ", past.Dimensions)}]", "Export the model with dynamic axes for batch and sequences only");
                }

                (KeyValueHeads, HeadWidth, CacheType) = (past.Dimensions[1], past.Dimensions[3], past.ElementDataType);
                PastNames.Add(PastName(layer, part));
                PresentNames.Add(PresentName(layer, part));
            }
        }

        if (PastNames.Count == 0)
        {
            throw new ModelContractException(File, PastName(0, "key"), "a cache input", "none", "Export the decoder with past key values (text-generation-with-past)");
        }

        var known = new HashSet<string>([InputIds, PositionIds, AttentionBias, AttentionMask, HiddenStates, .. PastNames], StringComparer.Ordinal);
        if (inputs.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new ModelContractException(File, unknown, $"inputs among {string.Join(", ", known.Take(5))} and past_key_values", "one that nobody feeds", "Export the decoder without it");
        }
    }

    /// <summary>The graph's file.</summary>
    public string File => session.File;

    /// <summary>Provider it runs on: <c>cpu</c> or <c>cuda</c>.</summary>
    public string Provider => session.Provider;

    /// <summary>Number of the provider's device; 0 on the CPU.</summary>
    public int DeviceNumber => session.DeviceNumber;

    /// <summary>Layers with a cache.</summary>
    public int Layers => PastNames.Count / 2;

    /// <summary>Key-value heads a layer.</summary>
    public int KeyValueHeads { get; }

    /// <summary>Width of a head.</summary>
    public int HeadWidth { get; }

    /// <summary>Logits a row.</summary>
    public int VocabularySize { get; }

    /// <summary>Width of the input <c>hidden_states</c>; 0 where the graph takes none.</summary>
    public int HiddenWidth { get; }

    /// <summary>True where the cache, and so the arithmetic, is half precision.</summary>
    public bool IsHalf => CacheType == TensorElementType.Float16;

    /// <summary>How rows are masked.</summary>
    public MaskInput Mask { get; }

    internal InferenceSession Session => session.Session;

    internal bool HasPositions { get; }

    internal TensorElementType BiasType { get; }

    internal TensorElementType? HiddenType { get; }

    internal TensorElementType CacheType { get; }

    internal List<string> PastNames { get; } = [];

    internal List<string> PresentNames { get; } = [];

    /// <summary>Opens a graph on the first provider that takes it.</summary>
    /// <exception cref="ModelContractException">The file is missing, does not load, or is no decoder with a cache; the message names tensor and remedy.</exception>
    public static DecoderGraph Open(string file, InferenceOptions options)
    {
        var session = OrtSessions.Open(file, options);
        try
        {
            return new DecoderGraph(session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Outputs among <paramref name="names"/> that the graph lacks; empty where it has all of them.</summary>
    public IReadOnlyList<string> Missing(IEnumerable<string> names) => [.. names.Where(name => !session.Session.OutputMetadata.ContainsKey(name))];

    /// <summary>Width of a float output [B, S, width].</summary>
    public int WidthOf(string output) => session.Session.OutputMetadata[output].Dimensions[^1];

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    private static string PastName(int layer, string part) => string.Create(CultureInfo.InvariantCulture, $"past_key_values.{layer}.{part}");

    private static string PresentName(int layer, string part) => string.Create(CultureInfo.InvariantCulture, $"present.{layer}.{part}");

    private NodeMetadata Require(IReadOnlyDictionary<string, NodeMetadata> tensors, string name, int rank, string shape, params ReadOnlySpan<TensorElementType> types)
    {
        if (!tensors.TryGetValue(name, out var tensor))
        {
            throw new ModelContractException(File, name, $"a tensor {shape}", "none", $"The graph has {string.Join(", ", tensors.Keys.Take(8))}");
        }

        return tensor.Dimensions.Length == rank && types.Contains(tensor.ElementDataType)
            ? tensor
            : throw new ModelContractException(
                File, name, $"{string.Join(" or ", types.ToArray())} {shape}", $"{tensor.ElementDataType} [{string.Join(", ", tensor.Dimensions)}]", "Export the decoder again");
    }
}
