using System.Text.Json;

namespace Orchestrator.Inference.Sessions;

/// <summary>The optional <c>orchestrator.json</c> of a model folder: what the downloaded files do not say themselves.</summary>
/// <remarks>
/// <code>
/// { "kind": "clip",
///   "files":   { "vision": "onnx/vision_model.onnx", "text": "onnx/text_model.onnx", "vision_fp16": "onnx/vision_model_fp16.onnx", "joint": "onnx/model.onnx" },
///   "inputs":  { "vision": "pixel_values", "text": "input_ids", "mask": "attention_mask" },
///   "outputs": { "vision": "image_embeds", "text": "text_embeds" },
///   "logit_scale": 100.0, "logit_bias": -10.0, "text_cleaning": "hf", "golden": "golden.json",
///   "licence": "MIT", "provenance": "where the weights come from" }
/// </code>
/// Every field is optional for clip and siglip. logit_scale multiplies the cosine (it is exp(t'), not t'). The spellings logitScale,
/// logitBias and textCleaning are read too. The other kinds name their graphs under files, each with a twin <c>{role}_fp16</c> where
/// there is half precision, and have fields of their own:
/// <list type="table">
/// <item><term>blip-caption</term><description>files vision, decoder; prompt, bos_token, eos_token, num_layers, min_length, max_length</description></item>
/// <item><term>blip-itm</term><description>files vision, text; enc_token, max_tokens</description></item>
/// <item><term>text-detector</term><description>files detector</description></item>
/// <item><term>causal-lm</term><description>files tree, plain, fused, exit_{l}; num_layers, num_key_value_heads, head_dim, hidden_size, vocab_size, max_position_embeddings, bos_token_id, eos_token_id, early_exit_layers, feature_layers</description></item>
/// <item><term>medusa</term><description>files heads; base and the sizes above</description></item>
/// <item><term>eagle</term><description>files head and, for EAGLE-3, fuse; base and the sizes above</description></item>
/// <item><term>mtp</term><description>files heads (parallel), module (sequential); base and the sizes above</description></item>
/// <item><term>retrieval-datastore</term><description>file tokens; tokens (their number), base, vocab_size</description></item>
/// </list>
/// </remarks>
public sealed class ModelManifest
{
    /// <summary>File name of the manifest.</summary>
    public const string FileName = "orchestrator.json";

    private ModelManifest(JsonFile? file) => _file = file;

    private readonly JsonFile? _file;

    /// <summary>Kind, such as clip or siglip; null when not stated.</summary>
    public string? Kind { get; private init; }

    /// <summary>Role to file, relative to the folder.</summary>
    public IReadOnlyDictionary<string, string> Files { get; private init; } = new Dictionary<string, string>();

    /// <summary>Role to graph input name.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; private init; } = new Dictionary<string, string>();

    /// <summary>Role to graph output name.</summary>
    public IReadOnlyDictionary<string, string> Outputs { get; private init; } = new Dictionary<string, string>();

    /// <summary>Factor on the cosine, exp(t'); null when not stated.</summary>
    public double? LogitScale { get; private init; }

    /// <summary>Added to the scaled cosine; null when not stated.</summary>
    public double? LogitBias { get; private init; }

    /// <summary>Text cleaning. clip: <c>hf</c> (default) or <c>openai</c>; siglip: <c>big_vision</c> (default) or <c>hf</c>. Null when not stated.</summary>
    public string? TextCleaning { get; private init; }

    /// <summary>File of golden vectors, relative to the folder; null when not stated.</summary>
    public string? Golden { get; private init; }

    /// <summary>Licence of the weights; null when not stated.</summary>
    public string? Licence { get; private init; }

    /// <summary>Where the weights come from; null when not stated.</summary>
    public string? Provenance { get; private init; }

    /// <summary>A field this class does not name, for stages with needs of their own; null when absent.</summary>
    public JsonElement? Extra(string field) => _file?.Find(field);

    /// <summary>A string of the kind's own, such as <c>prompt</c>; null when absent.</summary>
    /// <exception cref="ModelContractException">The field holds something else.</exception>
    public string? Text(string field) => _file?.Text(field);

    /// <summary>A whole number of the kind's own, such as <c>num_layers</c>; null when absent.</summary>
    /// <exception cref="ModelContractException">The field holds something else.</exception>
    public int? Integer(string field) => _file?.Integer(field);

    /// <summary>Reads the manifest of a folder; an empty one when there is no file.</summary>
    public static ModelManifest Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return new ModelManifest(null);
        }

        var file = JsonFile.Read(path);
        var manifest = new ModelManifest(file)
        {
            Kind = file.Text("kind"),
            Files = Names(file, "files"),
            Inputs = Names(file, "inputs"),
            Outputs = Names(file, "outputs"),
            LogitScale = Finite(file, "logit_scale") ?? Finite(file, "logitScale"),
            LogitBias = Finite(file, "logit_bias") ?? Finite(file, "logitBias"),
            TextCleaning = file.Text("text_cleaning") ?? file.Text("textCleaning"),
            Golden = file.Text("golden"),
            Licence = Prose(file, "licence"),
            Provenance = Prose(file, "provenance"),
        };
        foreach (var (role, name) in manifest.Files.Append(KeyValuePair.Create("golden", manifest.Golden ?? "")))
        {
            var full = Path.GetFullPath(Path.Combine(folder, name));
            if (Path.IsPathRooted(name) || !(full + Path.DirectorySeparatorChar).StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new ModelContractException(path, $"files.{role}", "a path inside the model folder", name, "Give it relative to the folder");
            }
        }

        if (manifest.TextCleaning is not (null or "hf" or "openai" or "big_vision"))
        {
            throw new ModelContractException(path, "text_cleaning", "hf, openai or big_vision", manifest.TextCleaning!);
        }

        return manifest;
    }

    /// <summary>Licence and provenance may be a sentence or an object; objects are kept as their JSON text.</summary>
    private static string? Prose(JsonFile file, string field) => file.Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        var other => other.Value.GetRawText(),
    };

    private static double? Finite(JsonFile file, string field)
    {
        if (file.Find(field) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw file.Wrong(field, "a finite number", value);
    }

    private static Dictionary<string, string> Names(JsonFile file, string field)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        if (file.Find(field) is not { } map)
        {
            return names;
        }

        if (map.ValueKind != JsonValueKind.Object)
        {
            throw file.Wrong(field, "an object from role to name", map);
        }

        foreach (var entry in map.EnumerateObject())
        {
            names[entry.Name] = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : throw file.Wrong($"{field}.{entry.Name}", "a string", entry.Value);
        }

        return names;
    }
}
