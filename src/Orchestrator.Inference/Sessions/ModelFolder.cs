using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>A model folder in Hugging Face's layout, with an optional <c>orchestrator.json</c>.</summary>
public sealed class ModelFolder
{
    private readonly Lazy<string> _digest;
    private readonly JsonFile? _config;

    private ModelFolder(string path, ModelManifest manifest, JsonFile? config, string kind)
    {
        (FolderPath, Manifest, _config, Kind) = (path, manifest, config, kind);
        _digest = new Lazy<string>(() => ModelDigest.Of(path));
    }

    /// <summary>Full path.</summary>
    public string FolderPath { get; }

    /// <summary>Last part of the path.</summary>
    public string Name => Path.GetFileName(FolderPath);

    /// <summary>Kind from the manifest, or from <c>model_type</c> in config.json: clip, siglip, blip-caption, blip-itm, text-detector, causal-lm, medusa, eagle, mtp, retrieval-datastore.</summary>
    public string Kind { get; }

    /// <summary>The manifest; empty when there is no file.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>
    /// SHA-256 (64 lower-case hex digits) over the sorted lines "relative path, zero byte, SHA-256 of the content, newline" of all
    /// files: names the weights a score was made with. Computed on first use and kept.
    /// </summary>
    public string Digest => _digest.Value;

    /// <summary>Opens a folder and reads its two small files; graphs are not touched.</summary>
    /// <exception cref="ModelContractException">No such folder, broken JSON, or a kind that cannot be told.</exception>
    public static ModelFolder Open(string path)
    {
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!Directory.Exists(path))
        {
            throw new ModelContractException(path, "folder", "a model folder", "nothing", "Check the name and Models:Roots");
        }

        var manifest = ModelManifest.Read(path);
        var configPath = Path.Combine(path, "config.json");
        var config = File.Exists(configPath) ? JsonFile.Read(configPath) : null;
        var kind = manifest.Kind ?? KindOf(path, config);
        return ModelKinds.All.Contains(kind)
            ? new ModelFolder(path, manifest, config, kind)
            : throw new ModelContractException(Path.Combine(path, ModelManifest.FileName), "kind", $"one of [{string.Join(", ", ModelKinds.All)}]", kind);
    }

    /// <summary>A whole number in config.json by its path, such as <c>text_config.vocab_size</c>; null when absent.</summary>
    public int? ConfigInteger(string path)
    {
        if (_config is null)
        {
            return null;
        }

        var at = _config.Root;
        foreach (var part in path.Split('.'))
        {
            if (at.ValueKind != System.Text.Json.JsonValueKind.Object || !at.TryGetProperty(part, out at))
            {
                return null;
            }
        }

        return at.ValueKind == System.Text.Json.JsonValueKind.Null ? null : _config.Integer(path, at);
    }

    /// <summary>Full path of a file of the folder.</summary>
    public string PathOf(string relative) => Path.Combine(FolderPath, relative);

    /// <summary>
    /// Finds the graph for a role: the manifest's file if it names one (its half-precision variant is files.{role}_fp16), else <c>onnx/{name}.onnx</c> or <c>{name}.onnx</c> for each name in
    /// order, the half-precision variant (<c>{name}_fp16.onnx</c>) first when preferred.
    /// </summary>
    /// <returns>Full path, or null when there is none. A file the manifest names is returned whether or not it exists.</returns>
    public string? FindGraph(string role, InferencePrecision precision, params ReadOnlySpan<string> names)
    {
        if (Manifest.Files.TryGetValue(role, out var stated))
        {
            var full = PathOf(stated);
            var half = Manifest.Files.TryGetValue(role + "_fp16", out var statedHalf) ? PathOf(statedHalf) : Path.ChangeExtension(full, null) + "_fp16.onnx";
            return precision == InferencePrecision.Fp16 && File.Exists(half) ? half : full;
        }

        foreach (var name in names)
        {
            string[] variants = precision == InferencePrecision.Fp16 ? [$"{name}_fp16.onnx", $"{name}.onnx"] : [$"{name}.onnx"];
            foreach (var variant in variants)
            {
                foreach (var candidate in (ReadOnlySpan<string>)[Path.Combine("onnx", variant), variant])
                {
                    if (File.Exists(PathOf(candidate)))
                    {
                        return PathOf(candidate);
                    }
                }
            }
        }

        return null;
    }

    /// <summary>True when the folder has a half-precision variant of any of its graphs: under a role ending in _fp16, or as a file <c>*_fp16.onnx</c>.</summary>
    public bool HasHalf =>
        Manifest.Files.Keys.Any(role => role.EndsWith("_fp16", StringComparison.Ordinal))
        || new[] { FolderPath, PathOf("onnx") }.Where(Directory.Exists).Any(folder => Directory.EnumerateFiles(folder, "*_fp16.onnx").Any());

    private static string KindOf(string path, JsonFile? config) => config?.Text("model_type") switch
    {
        "clip" or "metaclip_2" => "clip",
        "siglip" or "siglip2" => "siglip",
        "blip" => throw new ModelContractException(config.Path, "model_type", "a kind that is certain", "blip, which is a captioner or a matcher", $"State \"kind\": \"blip-caption\" or \"blip-itm\" in {ModelManifest.FileName}"),
        "llama" or "mistral" or "qwen2" or "qwen3" or "gpt2" or "gemma" or "phi3" => "causal-lm",
        { } other => throw new ModelContractException(config.Path, "model_type", "a known model type", other, $"State \"kind\" in {ModelManifest.FileName}"),
        null => throw new ModelContractException(path, "kind", $"config.json with model_type, or {ModelManifest.FileName} with kind", "neither", "Copy config.json from the model's repository"),
    };
}

/// <summary>The digests that name a folder's content, or the half of it that sees pictures.</summary>
internal static class ModelDigest
{
    // What a graph may ask for beside itself is weights, under any name; these endings are of other things.
    private static readonly string[] NoWeights = [".onnx", ".json", ".jsonl", ".txt", ".md", ".npy", ".model", ".log", ".py"];

    public static string Of(string folder) => Of(Files(folder), []);

    /// <summary>
    /// SHA-256 over what decides the embedding of a picture: the graph, every file that may hold its weights, and a text that states the rest. The graph
    /// counts without its name, so that a folder with another text half has the same.
    /// </summary>
    public static string OfImages(string folder, string graph, string rest) => Of(
        Files(folder).Where(f => !NoWeights.Contains(Path.GetExtension(f.Name), StringComparer.OrdinalIgnoreCase)).Prepend(("", graph)), Encoding.UTF8.GetBytes(rest));

    private static IEnumerable<(string Name, string File)> Files(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => (Name: Path.GetRelativePath(folder, file).Replace('\\', '/'), File: file))
        .OrderBy(f => f.Name, StringComparer.Ordinal);

    private static string Of(IEnumerable<(string Name, string File)> files, byte[] rest)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, file) in files)
        {
            using var stream = File.OpenRead(file);
            whole.AppendData(Encoding.UTF8.GetBytes($"{name}\0{Convert.ToHexStringLower(SHA256.HashData(stream))}\n"));
        }

        whole.AppendData(rest);
        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }
}
