using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>Reads a CLIP tokenizer from a Hugging Face folder.</summary>
internal static class ClipVocabularyReader
{
    private const int DefaultContext = 77;
    private const string Start = "<|startoftext|>";
    private const string End = "<|endoftext|>";

    public static ClipVocabulary Read(string folder)
    {
        var single = Path.Combine(folder, "tokenizer.json");
        var config = Optional(folder, "tokenizer_config.json");
        var special = Optional(folder, "special_tokens_map.json");
        string Token(string field, string fallback) => TokenText(config, field) ?? TokenText(special, field) ?? fallback;

        string source;
        Dictionary<string, int> ids;
        List<(string, string)> merges;
        var added = new List<AddedToken>();
        if (File.Exists(single))
        {
            source = single;
            (ids, merges) = FromTokenizerJson(JsonFile.Read(single), added);
        }
        else
        {
            source = Path.Combine(folder, "vocab.json");
            if (!File.Exists(source))
            {
                throw new ModelContractException(folder, "file", "tokenizer.json, or vocab.json with merges.txt", "neither", "Copy the tokenizer files from the model's repository");
            }

            ids = Vocabulary(JsonFile.Read(source), "vocab", JsonFile.Read(source).Root);
            merges = MergesText(Path.Combine(folder, "merges.txt"));
        }

        foreach (var token in added)
        {
            ids[token.Content] = token.Id;
        }

        int Id(string field, string fallback)
        {
            var token = Token(field, fallback);
            return ids.TryGetValue(token, out var id)
                ? id
                : throw new ModelContractException(source, field, $"the vocabulary to hold {token}", "no such entry", "Take every tokenizer file from one download");
        }

        var (start, end) = (Id("bos_token", Start), Id("eos_token", End));
        if (added.Count == 0)
        {
            // What CLIPTokenizerFast makes of the two bare files.
            added.Add(new AddedToken(Token("bos_token", Start), start, Normalized: true));
            added.Add(new AddedToken(Token("eos_token", End), end, Normalized: false));
        }

        return new ClipVocabulary(source, ids, merges, added, start, end, Id("pad_token", Token("eos_token", End)), Id("unk_token", Token("eos_token", End)), Context(folder, config));
    }

    private static JsonFile? Optional(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? JsonFile.Read(path) : null;
    }

    private static string? TokenText(JsonFile? file, string field) => file?.Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        var other => throw file.Wrong(field, "a token or an object with content", other.Value),
    };

    /// <summary>Some configs carry 1e30 for "no limit"; then the position table of the text model decides.</summary>
    private static int Context(string folder, JsonFile? config)
    {
        var stated = config?.Number("model_max_length", DefaultContext) ?? DefaultContext;
        var positions = double.PositiveInfinity;
        if (Optional(folder, "config.json") is { } model)
        {
            var text = model.Find("text_config") is { ValueKind: JsonValueKind.Object } nested ? nested : model.Root;
            positions = text.TryGetProperty("max_position_embeddings", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : positions;
        }

        var context = Math.Min(stated, positions);
        context = context > 100_000 ? DefaultContext : context;
        return context >= 3 && context == Math.Floor(context)
            ? (int)context
            : throw new ModelContractException(config?.Path ?? folder, "model_max_length", "a whole number of at least 3 (start, one token, end)", context.ToString("R"));
    }

    private static (Dictionary<string, int> Ids, List<(string, string)> Merges) FromTokenizerJson(JsonFile file, List<AddedToken> added)
    {
        if (file.Find("model") is not { ValueKind: JsonValueKind.Object } model)
        {
            throw new ModelContractException(file.Path, "model", "an object", "nothing");
        }

        var type = model.TryGetProperty("type", out var name) ? name.GetString() : "BPE";
        string? suffix = model.TryGetProperty("end_of_word_suffix", out var mark) ? mark.GetString() : null;
        if (type != "BPE" || suffix != "</w>")
        {
            throw new ModelContractException(file.Path, "model", "type BPE with end_of_word_suffix </w> (CLIP)", $"type {type}, end_of_word_suffix {suffix ?? "absent"}", "This folder's tokenizer is of another family");
        }

        if (!model.TryGetProperty("vocab", out var vocab) || vocab.ValueKind != JsonValueKind.Object)
        {
            throw new ModelContractException(file.Path, "model.vocab", "an object from token to id", "nothing");
        }

        if (file.Find("added_tokens") is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var token in list.EnumerateArray())
            {
                if (!token.TryGetProperty("content", out var content) || !token.TryGetProperty("id", out var id))
                {
                    throw file.Wrong("added_tokens", "objects with content and id", token);
                }

                var normalized = token.TryGetProperty("normalized", out var flag) && flag.ValueKind == JsonValueKind.True;
                added.Add(new AddedToken(content.GetString()!, file.Integer("added_tokens.id", id), normalized));
            }
        }

        if (!model.TryGetProperty("merges", out var merges) || merges.ValueKind != JsonValueKind.Array)
        {
            throw new ModelContractException(file.Path, "model.merges", "an array of pairs", "nothing");
        }

        return (Vocabulary(file, "model.vocab", vocab), [.. merges.EnumerateArray().Select(pair => Pair(file, pair))]);
    }

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

    private static Dictionary<string, int> Vocabulary(JsonFile file, string field, JsonElement vocab)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in vocab.EnumerateObject())
        {
            ids[entry.Name] = file.Integer($"{field}.{entry.Name}", entry.Value);
        }

        return ids;
    }

    private static List<(string, string)> MergesText(string path)
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
