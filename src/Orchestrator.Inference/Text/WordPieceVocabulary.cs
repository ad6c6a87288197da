using System.Text.Json;

namespace Orchestrator.Inference.Text;

/// <summary>What a BERT tokenizer folder says, whichever of the two layouts it has.</summary>
internal sealed record WordPieceVocabulary(
    string Source, Dictionary<string, int> Ids, AddedToken[] Added, BertTextCleaning Cleaning, string Prefix, int LongestWord, int StartId, int EndId, int PadId, int UnknownId)
{
    public static WordPieceVocabulary Read(string folder, TokenizerSettings settings)
    {
        var single = Path.Combine(folder, "tokenizer.json");
        return File.Exists(single) ? FromJson(JsonFile.Read(single), settings) : FromText(Path.Combine(folder, "vocab.txt"), settings);
    }

    private static WordPieceVocabulary FromJson(JsonFile file, TokenizerSettings settings)
    {
        var model = file.Find("model") is { ValueKind: JsonValueKind.Object } found ? found : throw new ModelContractException(file.Path, "model", "an object", "nothing");
        var type = model.TryGetProperty("type", out var name) ? name.GetString() : null;
        // Old files leave the type out; then only WordPiece has a prefix for continuing pieces.
        if (type != "WordPiece" && !(type is null && model.TryGetProperty("continuing_subword_prefix", out _)))
        {
            throw new ModelContractException(file.Path, "model.type", "WordPiece", type ?? "nothing", "This folder's tokenizer is of another family");
        }

        var ids = TokenizerJson.Vocabulary(file, model);
        var added = TokenizerJson.Added(file);
        foreach (var token in added)
        {
            ids[token.Content] = token.Id;
        }

        var prefix = model.TryGetProperty("continuing_subword_prefix", out var mark) ? mark.GetString() ?? "##" : "##";
        var longest = model.TryGetProperty("max_input_chars_per_word", out var limit) ? file.Integer("model.max_input_chars_per_word", limit) : 100;
        return Make(file.Path, ids, added, ReadCleaning(file), prefix, longest, settings);
    }

    private static BertTextCleaning ReadCleaning(JsonFile file)
    {
        if (file.Find("normalizer") is not { ValueKind: JsonValueKind.Object } normalizer || !normalizer.TryGetProperty("type", out var type) || type.GetString() != "BertNormalizer")
        {
            throw new ModelContractException(file.Path, "normalizer", "BertNormalizer", file.Find("normalizer")?.GetRawText() ?? "nothing", "Only BERT's own normaliser is read");
        }

        bool Flag(string field, bool fallback) => normalizer.TryGetProperty(field, out var value) ? value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => fallback,
        } : fallback;
        var lower = Flag("lowercase", true);
        return new BertTextCleaning(Flag("clean_text", true), Flag("handle_chinese_chars", true), Flag("strip_accents", lower), lower);
    }

    private static WordPieceVocabulary FromText(string path, TokenizerSettings settings)
    {
        if (!File.Exists(path))
        {
            throw new ModelContractException(path, "file", "tokenizer.json or vocab.txt", "neither", "Copy the tokenizer files from the model's repository");
        }

        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines(path))
        {
            // A repeated line keeps its last place, as in a Python dict.
            ids[line] = ids.Count;
        }

        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"];
        var added = special.Where(ids.ContainsKey).Select(t => new AddedToken(t, ids[t], Normalized: false, Special: true)).ToList();
        var lower = settings.Flag("do_lower_case", true);
        return Make(path, ids, added, new BertTextCleaning(true, settings.Flag("tokenize_chinese_chars", true), settings.Flag("strip_accents", lower), lower), "##", 100, settings);
    }

    private static WordPieceVocabulary Make(
        string path, Dictionary<string, int> ids, List<AddedToken> added, BertTextCleaning cleaning, string prefix, int longest, TokenizerSettings settings)
    {
        int Id(string field, string usual)
        {
            var token = settings.Token(field) ?? usual;
            return ids.TryGetValue(token, out var id)
                ? id
                : throw new ModelContractException(path, field, $"the vocabulary to hold {token}", "no such entry", "Take every tokenizer file from one download");
        }

        return new WordPieceVocabulary(path, ids, [.. added.Where(t => !t.Normalized)], cleaning, prefix, longest, Id("cls_token", "[CLS]"), Id("sep_token", "[SEP]"), Id("pad_token", "[PAD]"), Id("unk_token", "[UNK]"));
    }
}
