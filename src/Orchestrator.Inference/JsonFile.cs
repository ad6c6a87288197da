using System.Text.Json;

namespace Orchestrator.Inference;

/// <summary>A JSON object read from a named file: every complaint carries the file, the field and the remedy.</summary>
internal sealed class JsonFile
{
    private JsonFile(string path, JsonElement root) => (Path, Root) = (path, root);

    public string Path { get; }

    public JsonElement Root { get; }

    /// <summary>Reads <paramref name="path"/>; the file must hold a JSON object.</summary>
    public static JsonFile Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelContractException(path, "file", "a JSON file", "nothing", "Copy it from the model's repository");
        }

        return Parse(path, File.ReadAllBytes(path));
    }

    /// <summary>Parses the bytes of <paramref name="path"/>.</summary>
    public static JsonFile Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            // Editors on Windows put a byte order mark in front, which the parser refuses.
            var text = bytes.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes[3..] : bytes;
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelContractException(path, "file", "a JSON object", document.RootElement.ValueKind.ToString());
            }

            return new JsonFile(path, document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new ModelContractException(path, "file", "valid JSON", e.Message, inner: e);
        }
    }

    /// <summary>The field's value; null when absent or JSON null.</summary>
    public JsonElement? Find(string field) =>
        Root.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Flag(string field, bool fallback) => Find(field) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var other => throw Wrong(field, "true or false", other.Value),
    };

    public double Number(string field, double fallback) => Find(field) switch
    {
        null => fallback,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        var other => throw Wrong(field, "a number", other.Value),
    };

    public int? Integer(string field) => Find(field) is { } value ? Integer(field, value) : null;

    public int Integer(string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Wrong(field, "a whole number", value);

    public string? Text(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        var other => throw Wrong(field, "a string", other.Value),
    };

    public ModelContractException Wrong(string field, string expected, JsonElement found, string? remedy = null)
    {
        var text = found.GetRawText();
        return new(Path, field, expected, text.Length > 80 ? text[..80] + "..." : text, remedy);
    }
}
