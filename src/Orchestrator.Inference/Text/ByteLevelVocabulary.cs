using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>What a byte-level BPE folder says, whichever of the two layouts it has.</summary>
internal sealed record ByteLevelVocabulary(
    string Source, Dictionary<string, int> Ids, IReadOnlyList<(string Left, string Right)> Merges, AddedToken[] Added, bool AddPrefixSpace, ByteLevelPattern Pattern, int? BeginId, int? EndId)
{
    /// <summary>NFC before anything is cut (Qwen2). Default false.</summary>
    public bool Compose { get; private init; }

    /// <summary>A stretch that is a token is that token, whatever the merges make of it (Llama 3). Default false.</summary>
    public bool WholeWords { get; private init; }

    public static ByteLevelVocabulary Read(string folder)
    {
        var settings = TokenizerSettings.Read(folder);
        var single = Path.Combine(folder, "tokenizer.json");
        var vocabulary = File.Exists(single) ? FromJson(JsonFile.Read(single)) : FromFiles(folder);
        foreach (var symbol in BytePairEncoder.Alphabet)
        {
            if (!vocabulary.Ids.ContainsKey(symbol.ToString()))
            {
                throw new ModelContractException(vocabulary.Source, "model.vocab", "all 256 byte symbols, so that every text has ids", $"no '{symbol}'", "This is not a byte-level vocabulary");
            }
        }

        int? Id(string field)
        {
            if (settings.Token(field) is not { } token)
            {
                return null;
            }

            return vocabulary.Added.FirstOrDefault(t => t.Content == token)?.Id ?? (vocabulary.Ids.TryGetValue(token, out var id)
                ? id
                : throw new ModelContractException(vocabulary.Source, field, $"the vocabulary to hold {token}", "no such entry", "Take every tokenizer file from one download"));
        }

        return vocabulary with { BeginId = Id("bos_token"), EndId = Id("eos_token") };
    }

    private static ByteLevelVocabulary FromJson(JsonFile file)
    {
        var model = file.Find("model") is { ValueKind: JsonValueKind.Object } found ? found : throw new ModelContractException(file.Path, "model", "an object", "nothing");
        var type = model.TryGetProperty("type", out var name) ? name.GetString() : "BPE";
        if (type != "BPE" || Stated(model, "end_of_word_suffix") || Stated(model, "continuing_subword_prefix"))
        {
            throw new ModelContractException(file.Path, "model", "type BPE without end_of_word_suffix and continuing_subword_prefix", $"type {type}", "This folder's tokenizer is of another family");
        }

        var compose = file.Find("normalizer") is { ValueKind: JsonValueKind.Object } normalizer && Is(normalizer, "NFC");
        if (!compose && file.Find("normalizer") is { } other)
        {
            throw file.Wrong("normalizer", "NFC or none: byte-level BPE takes the text as it is", other);
        }

        var (prefix, pattern) = PreTokenizer(file);
        return new ByteLevelVocabulary(file.Path, TokenizerJson.Vocabulary(file, model), TokenizerJson.Merges(file, model), [.. TokenizerJson.Added(file)], prefix, pattern, null, null)
        {
            Compose = compose,
            WholeWords = model.TryGetProperty("ignore_merges", out var ignore) && ignore.ValueKind == JsonValueKind.True,
        };

        static bool Stated(JsonElement model, string field) => model.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() != "";
    }

    private static (bool PrefixSpace, ByteLevelPattern Pattern) PreTokenizer(JsonFile file)
    {
        const string expected = "ByteLevel with GPT-2's pattern, alone or after Digits with individual_digits, or Split by Qwen2's or Llama 3's pattern and then ByteLevel without a pattern";
        var stated = file.Find("pre_tokenizer") ?? throw new ModelContractException(file.Path, "pre_tokenizer", expected, "nothing");
        JsonElement[] steps = stated.ValueKind == JsonValueKind.Object && stated.TryGetProperty("pretokenizers", out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [stated];
        var last = steps.LastOrDefault(stated);
        var (level, regex, prefix) = (Is(last, "ByteLevel"), True(last, "use_regex", true), True(last, "add_prefix_space", true));
        return steps switch
        {
            [_] when level && regex => (prefix, ByteLevelPattern.Gpt2),
            [var digits, _] when level && regex && !prefix && Is(digits, "Digits") && True(digits, "individual_digits", false) => (false, ByteLevelPattern.Gpt2Digits),
            [var split, _] when level && !regex && !prefix && Is(split, "Split") && Cl100k(split) is { } pattern => (false, pattern),
            _ => throw file.Wrong("pre_tokenizer", expected, stated),
        };

        static bool True(JsonElement step, string field, bool fallback) => step.ValueKind == JsonValueKind.Object && step.TryGetProperty(field, out var flag) ? flag.ValueKind == JsonValueKind.True : fallback;
    }

    private static ByteLevelPattern? Cl100k(JsonElement split)
    {
        const string before = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|", after = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
        var isolated = split.TryGetProperty("behavior", out var behavior) && behavior.GetString() == "Isolated";
        var regex = split.TryGetProperty("pattern", out var pattern) && pattern.ValueKind == JsonValueKind.Object && pattern.TryGetProperty("Regex", out var text) ? text.GetString() : null;
        return !isolated ? null : regex == before + @"\p{N}" + after ? ByteLevelPattern.Qwen2 : regex == before + @"\p{N}{1,3}" + after ? ByteLevelPattern.Llama3 : null;
    }

    private static bool Is(JsonElement step, string type) => step.ValueKind == JsonValueKind.Object && step.TryGetProperty("type", out var name) && name.ValueKind == JsonValueKind.String && name.GetString() == type;

    private static ByteLevelVocabulary FromFiles(string folder)
    {
        var path = Path.Combine(folder, "vocab.json");
        if (!File.Exists(path))
        {
            throw new ModelContractException(folder, "file", "tokenizer.json, or vocab.json with merges.txt", "neither", "Copy the tokenizer files from the model's repository");
        }

        var file = JsonFile.Read(path);
        var ids = TokenizerJson.Ids(file, "vocab", file.Root);
        // GPT-2's two files carry no list of added tokens; its one is in the vocabulary.
        var added = ids.TryGetValue("<|endoftext|>", out var end) ? new[] { new AddedToken("<|endoftext|>", end, Normalized: false, Special: true) } : [];
        return new ByteLevelVocabulary(path, ids, TokenizerJson.MergesText(Path.Combine(folder, "merges.txt")), added, AddPrefixSpace: false, ByteLevelPattern.Gpt2, null, null);
    }
}
