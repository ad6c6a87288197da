using System.Text.Json;

namespace Orchestrator.Inference.Sessions;

/// <summary>An image case: its bytes and the embedding expected.</summary>
internal sealed record GoldenImage(string Name, byte[] Bytes, float[]? Embedding);

/// <summary>A text case: the string, the ids expected and the embedding expected.</summary>
internal sealed record GoldenText(string Name, string Text, long[]? Ids, float[]? Embedding);

/// <summary>A cosine expected between two cases.</summary>
internal sealed record GoldenPair(string Image, string Text, double Cosine);

/// <summary>
/// The golden file of a dual encoder: <c>{"images": [{"file" | "base64", "embedding"}], "texts": [{"text", "ids", "embedding"}],
/// "pairs": [{"image": 0, "text": 0, "cosine"}], "tolerance": {"fp32_max_relative_error", "fp16_max_relative_error"}}</c>.
/// <c>image_embeds</c>, <c>text_embeds</c> and <c>input_ids</c> are read as embedding and ids. Embeddings may be normalised or not; ids may carry their padding or not.
/// </summary>
internal sealed record GoldenVectors(string File, IReadOnlyList<GoldenImage> Images, IReadOnlyList<GoldenText> Texts, IReadOnlyList<GoldenPair> Pairs)
{
    public double Tolerance { get; private init; } = 1e-4;

    public double HalfTolerance { get; private init; } = 1e-2;

    public static GoldenVectors Read(ModelFolder folder)
    {
        var path = folder.PathOf(folder.Manifest.Golden ?? "golden.json");
        if (!System.IO.File.Exists(path))
        {
            throw new ModelContractException(path, "file", "golden vectors", "nothing", $"Export them, or name their file in {ModelManifest.FileName} under golden");
        }

        var file = JsonFile.Read(path);
        var images = List(file, "images").Select((item, i) => Image(folder, file, item, $"image {i}")).ToArray();
        var texts = List(file, "texts").Select((item, i) => Text(file, item, $"text {i}")).ToArray();
        var pairs = List(file, "pairs").Select(item => Pair(file, item, images, texts)).ToArray();
        var golden = new GoldenVectors(path, images, texts, pairs);
        return file.Find("tolerance") is { ValueKind: JsonValueKind.Object } tolerance
            ? golden with
            {
                Tolerance = First(tolerance, "fp32_max_relative_error", "fp32")?.GetDouble() ?? golden.Tolerance,
                HalfTolerance = First(tolerance, "fp16_max_relative_error", "fp16")?.GetDouble() ?? golden.HalfTolerance,
            }
            : golden;
    }

    private static JsonElement[] List(JsonFile file, string field) => file.Find(field) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray()],
        var other => throw file.Wrong(field, "an array", other.Value),
    };

    private static GoldenImage Image(ModelFolder folder, JsonFile file, JsonElement item, string name)
    {
        if (Text(item, "base64", "bytes") is { } encoded)
        {
            return new GoldenImage(name, Convert.FromBase64String(encoded), Floats(file, item, name));
        }

        var relative = Text(item, "file", "image", "path") ?? throw file.Wrong(name, "file or base64", item);
        var full = Path.GetFullPath(folder.PathOf(relative));
        if (!full.StartsWith(folder.FolderPath + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !System.IO.File.Exists(full))
        {
            throw new ModelContractException(file.Path, name, "a file of the model folder", relative);
        }

        return new GoldenImage(name, System.IO.File.ReadAllBytes(full), Floats(file, item, name));
    }

    private static GoldenText Text(JsonFile file, JsonElement item, string name)
    {
        var text = Text(item, "text", "caption") ?? throw file.Wrong(name, "text", item);
        var ids = First(item, "ids", "input_ids") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Select(id => id.GetInt64()).ToArray() : null;
        return new GoldenText(name, text, ids, Floats(file, item, name));
    }

    private static GoldenPair Pair(JsonFile file, JsonElement item, GoldenImage[] images, GoldenText[] texts)
    {
        if (First(item, "image") is { ValueKind: JsonValueKind.Number } image && image.TryGetInt32(out var i) && i >= 0 && i < images.Length
            && First(item, "text") is { ValueKind: JsonValueKind.Number } text && text.TryGetInt32(out var t) && t >= 0 && t < texts.Length
            && First(item, "cosine", "score") is { ValueKind: JsonValueKind.Number } cosine)
        {
            return new GoldenPair(images[i].Name, texts[t].Name, cosine.GetDouble());
        }

        throw file.Wrong("pairs", "image and text as places in their lists, and cosine", item);
    }

    private static float[]? Floats(JsonFile file, JsonElement item, string name)
    {
        if (First(item, "embedding", "embeds", "image_embeds", "text_embeds") is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number)
            ? [.. value.EnumerateArray().Select(v => v.GetSingle())]
            : throw file.Wrong($"{name}.embedding", "an array of numbers", value);
    }

    private static string? Text(JsonElement item, params ReadOnlySpan<string> fields) => First(item, fields) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement? First(JsonElement item, params ReadOnlySpan<string> fields)
    {
        if (item.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in fields)
            {
                if (item.TryGetProperty(field, out var value))
                {
                    return value;
                }
            }
        }

        return null;
    }
}
