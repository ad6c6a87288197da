using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>Parts of Hugging Face's tokenizer files that several families share.</summary>
internal static class TokenizerJson
{
    /// <summary><c>model.vocab</c>: token to id.</summary>
    public static Dictionary<string, int> Vocabulary(JsonFile file, JsonElement model) =>
        model.TryGetProperty("vocab", out var vocab) && vocab.ValueKind == JsonValueKind.Object
            ? Ids(file, "model.vocab", vocab)
            : throw new ModelContractException(file.Path, "model.vocab", "an object from token to id", "nothing");

    /// <summary>An object from token to id.</summary>
    public static Dictionary<string, int> Ids(JsonFile file, string field, JsonElement vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in vocab.EnumerateObject())
        {
            ids[entry.Name] = file.Integer($"{field}.{entry.Name}", entry.Value);
        }

        return ids;
    }

    /// <summary><c>added_tokens</c>, in the file's order; empty when there are none.</summary>
    public static List<AddedToken> Added(JsonFile file)
    {
        var added = new List<AddedToken>();
        if (file.Find("added_tokens") is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var token in list.EnumerateArray())
            {
                if (!token.TryGetProperty("content", out var content) || !token.TryGetProperty("id", out var id))
                {
                    throw file.Wrong("added_tokens", "objects with content and id", token);
                }

                added.Add(new AddedToken(content.GetString()!, file.Integer("added_tokens.id", id), True(token, "normalized"), True(token, "special")));
            }
        }

        return added;

        static bool True(JsonElement token, string field) => token.TryGetProperty(field, out var flag) && flag.ValueKind == JsonValueKind.True;
    }

    /// <summary><c>model.merges</c>, best first.</summary>
    public static List<(string Left, string Right)> Merges(JsonFile file, JsonElement model) =>
        model.TryGetProperty("merges", out var merges) && merges.ValueKind == JsonValueKind.Array
            ? [.. merges.EnumerateArray().Select(pair => Pair(file, pair))]
            : throw new ModelContractException(file.Path, "model.merges", "an array of pairs", "nothing");

    private static (string, string) Pair(JsonFile file, JsonElement pair)
    {
        string?[] parts = pair.ValueKind switch
        {
            JsonValueKind.String => [.. pair.GetString()!.Split(' ')],
            JsonValueKind.Array => [.. pair.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.String ? p.GetString() : null)],
            _ => [],
        };
        return parts is [{ } left, { } right] ? (left, right) : throw file.Wrong("model.merges", "\"left right\" or [\"left\", \"right\"]", pair);
    }

    /// <summary>A <c>merges.txt</c>, best first.</summary>
    public static List<(string, string)> MergesText(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelContractException(path, "file", "merges beside vocab.json", "nothing", "Copy merges.txt from the model's repository");
        }

        var merges = new List<(string, string)>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal)))
            {
                continue;
            }

            merges.Add(line.Split(' ') is [var left, var right]
                ? (left, right)
                : throw new ModelContractException(path, $"line {number}", "two tokens with one space between", line.Length > 80 ? line[..80] : line));
        }

        return merges;
    }
}
