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
        var settings = TokenizerSettings.Read(folder);
        string Token(string field, string fallback) => settings.Token(field) ?? fallback;

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

            ids = TokenizerJson.Ids(JsonFile.Read(source), "vocab", JsonFile.Read(source).Root);
            merges = TokenizerJson.MergesText(Path.Combine(folder, "merges.txt"));
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
            added.Add(new AddedToken(Token("bos_token", Start), start, Normalized: true, Special: true));
            added.Add(new AddedToken(Token("eos_token", End), end, Normalized: false, Special: true));
        }

        return new ClipVocabulary(source, ids, merges, added, start, end, Id("pad_token", Token("eos_token", End)), Id("unk_token", Token("eos_token", End)), settings.Context(DefaultContext, least: 3));
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

        added.AddRange(TokenizerJson.Added(file));
        return (TokenizerJson.Vocabulary(file, model), TokenizerJson.Merges(file, model));
    }
}
