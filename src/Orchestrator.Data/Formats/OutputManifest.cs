using System.Text.Json;
using Orchestrator.Data.Storage;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Formats;

/// <summary><c>manifest.json</c>: what was asked, with which models, what came out, and the digest of every file. Readers follow it, never a listing.</summary>
/// <remarks>Holds no times, hosts or ids: the same job writes the same bytes. It lists every file but itself.</remarks>
public sealed record OutputManifest
{
    /// <summary>Its name in an output folder; written last.</summary>
    public const string FileName = "manifest.json";

    /// <summary>Version of this layout.</summary>
    public const int Version = 1;

    /// <summary>The job document as JSON (an object), embedded with its members in their order.</summary>
    public required ReadOnlyMemory<byte> Document { get; init; }

    /// <summary>SHA-256 of each model file by <c>model/file</c>, e.g. <c>clip-demo/onnx/vision_model.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, string> Models { get; init; }

    /// <summary>For each signal whose image embeddings the output holds, the digest of the image half that made them; empty for none.</summary>
    public IReadOnlyDictionary<string, string> Embeddings { get; init; } = new Dictionary<string, string>();

    /// <summary>Counts by name, e.g. <c>read</c>, <c>kept</c>, <c>rejected.clip</c>, <c>quarantined</c>.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>Digest of each file by its path in the output folder, with <c>/</c>.</summary>
    public required IReadOnlyDictionary<string, FileDigest> Files { get; init; }

    /// <summary>The file's bytes; every table in name order.</summary>
    public byte[] Write() => JsonText.Document(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WritePropertyName("document");
        using (var document = JsonDocument.Parse(Document))
        {
            document.RootElement.WriteTo(json);
        }

        json.WriteStartObject("models");
        foreach (var (name, sha256) in Models.OrderBy(m => m.Key, KeyOrder.Instance))
        {
            json.WriteString(name, sha256);
        }

        json.WriteEndObject();
        if (Embeddings.Count > 0)
        {
            json.WriteStartObject("embeddings");
            foreach (var (signal, sha256) in Embeddings.OrderBy(m => m.Key, KeyOrder.Instance))
            {
                json.WriteString(signal, sha256);
            }

            json.WriteEndObject();
        }

        json.WriteStartObject("counts");
        foreach (var (name, count) in Counts.OrderBy(c => c.Key, KeyOrder.Instance))
        {
            json.WriteNumber(name, count);
        }

        json.WriteEndObject();
        json.WriteStartArray("files");
        foreach (var (path, digest) in Files.OrderBy(f => f.Key, KeyOrder.Instance))
        {
            json.WriteStartObject();
            json.WriteString("path", path);
            json.WriteNumber("bytes", digest.Bytes);
            json.WriteString("sha256", digest.Sha256);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>Reads a manifest; anything else is a fault, as is a file path that leaves the folder.</summary>
    public static Checked<OutputManifest> Read(ReadOnlyMemory<byte> content, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != Version)
            {
                return new DataFault(name, "version", $"Version {root.GetProperty("version")} is not {Version}.", "Read it with the program that wrote it.");
            }

            Dictionary<string, FileDigest> files = new(StringComparer.Ordinal);
            foreach (var file in root.GetProperty("files").EnumerateArray())
            {
                var path = file.GetProperty("path").GetString()!;
                if (SafeRelativePath.ProblemOf(path) is { } problem)
                {
                    return new DataFault(name, "files[].path", $"The path '{path}' {problem}.", "The manifest has been altered; run the job again.");
                }

                files[path] = new FileDigest(file.GetProperty("bytes").GetInt64(), file.GetProperty("sha256").GetString()!);
            }

            return new OutputManifest
            {
                Document = JsonText.Line(root.GetProperty("document").WriteTo),
                Models = root.GetProperty("models").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!),
                Embeddings = root.TryGetProperty("embeddings", out var embeddings) ? embeddings.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!) : [],
                Counts = root.GetProperty("counts").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetInt64()),
                Files = files,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return new DataFault(name, null, $"The file is not a manifest ({e.Message}).", "Give the manifest.json of an output folder.");
        }
    }
}
