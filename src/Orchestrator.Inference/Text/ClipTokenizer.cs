namespace Orchestrator.Inference.Text;

/// <summary>A token that is found in the text before anything is split.</summary>
/// <param name="Content">Exact text.</param>
/// <param name="Id">Its id.</param>
/// <param name="Normalized">True: looked for after cleaning; false: before.</param>
/// <param name="Special">True: left out when ids are turned back into text.</param>
internal sealed record AddedToken(string Content, int Id, bool Normalized, bool Special);

/// <summary>What a tokenizer folder says, whichever of the two layouts it has.</summary>
internal sealed record ClipVocabulary(
    string Source, IReadOnlyDictionary<string, int> Ids, IReadOnlyList<(string Left, string Right)> Merges, IReadOnlyList<AddedToken> Added, int StartId, int EndId, int PadId, int UnknownId, int ContextLength);

/// <summary>CLIP's tokenizer: byte-level BPE, start and end ids, 77 places, the end id kept last when the text is cut.</summary>
/// <remarks>
/// Reads a Hugging Face folder: <c>tokenizer.json</c>, or <c>vocab.json</c> with <c>merges.txt</c>; <c>tokenizer_config.json</c>,
/// <c>special_tokens_map.json</c> and <c>config.json</c> supply pad token and length. Padding is the folder's pad token
/// (Hugging Face: the end token; open_clip pads with 0). Default cleaning gives transformers' ids. Words are encoded until the row
/// is full, so a caption of a megabyte costs its cleaning and no more. Safe for concurrent use.
/// </remarks>
public sealed class ClipTokenizer : ITextTokenizer
{
    private readonly BytePairEncoder _encoder;
    private readonly ClipVocabulary _vocabulary;
    private readonly ClipTextCleaning _cleaning;
    private readonly AddedToken[] _raw;
    private readonly AddedToken[] _cleaned;
    private readonly AddedToken[] _words;

    internal ClipTokenizer(ClipVocabulary vocabulary, ClipTextCleaning cleaning)
    {
        _vocabulary = vocabulary;
        _cleaning = cleaning;
        _encoder = new BytePairEncoder(vocabulary.Ids, vocabulary.Merges, vocabulary.UnknownId, "</w>", BytePairEncoder.ShortContext, vocabulary.Source);
        if (cleaning == ClipTextCleaning.OpenAi)
        {
            // OpenAI's pattern takes the two tokens as words, where the scan happens to stand.
            (_raw, _cleaned, _words) = ([], [], [.. vocabulary.Added]);
        }
        else
        {
            (_raw, _cleaned, _words) = ([.. vocabulary.Added.Where(t => !t.Normalized)], [.. vocabulary.Added.Where(t => t.Normalized)], []);
        }
    }

    /// <inheritdoc/>
    public int ContextLength => _vocabulary.ContextLength;

    /// <inheritdoc/>
    public int PadId => _vocabulary.PadId;

    /// <summary>Id in front of every text (49406 in OpenAI's vocabulary).</summary>
    public int StartId => _vocabulary.StartId;

    /// <summary>Id after every text (49407 in OpenAI's vocabulary).</summary>
    public int EndId => _vocabulary.EndId;

    /// <summary>Entries of the vocabulary.</summary>
    public int VocabularySize => _vocabulary.Ids.Count;

    /// <summary>Largest id the vocabulary can give; the text model's table must be longer.</summary>
    public int LargestId => _vocabulary.Ids.Values.Max();

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="cleaning">Default: as transformers does.</param>
    /// <exception cref="ModelContractException">A file is missing or holds another tokenizer.</exception>
    public static ClipTokenizer Load(string folder, ClipTextCleaning cleaning = ClipTextCleaning.HuggingFace) =>
        new(ClipVocabularyReader.Read(folder), cleaning);

    /// <inheritdoc/>
    public int Encode(string text, Span<long> ids)
    {
        if (ids.Length != ContextLength)
        {
            throw new ArgumentException($"needs {ContextLength} places, got {ids.Length}", nameof(ids));
        }

        var tokens = Tokens(text, ContextLength - 2);
        ids[0] = StartId;
        for (var i = 0; i < tokens.Count; i++)
        {
            ids[i + 1] = tokens[i];
        }

        ids[tokens.Count + 1] = EndId;
        ids[(tokens.Count + 2)..].Fill(PadId);
        return tokens.Count + 2;
    }

    /// <summary>The first <paramref name="limit"/> ids of the text alone, without start, end and padding.</summary>
    public List<int> Tokens(string text, int limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var ids = new List<int>(Math.Min(limit, 128) + 16);
        foreach (var part in AddedTokenSplitter.Split(text, _raw))
        {
            if (part.Token is { } token)
            {
                ids.Add(token.Id);
            }
            else
            {
                Words(ClipTextCleaner.Clean(part.Text, _cleaning), limit, ids);
            }

            if (ids.Count >= limit)
            {
                break;
            }
        }

        if (ids.Count > limit)
        {
            ids.RemoveRange(limit, ids.Count - limit);
        }

        return ids;
    }

    private void Words(string text, int limit, List<int> ids)
    {
        foreach (var part in AddedTokenSplitter.Split(text, _cleaned))
        {
            if (part.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }

            var at = 0;
            while (ids.Count < limit)
            {
                if (WordAt(part.Text, ref at) is { } special)
                {
                    ids.Add(special.Id);
                }
                else if (ClipWordScanner.Next(part.Text, ref at, out var word))
                {
                    _encoder.Encode(word, ids);
                }
                else
                {
                    break;
                }
            }

            if (ids.Count >= limit)
            {
                return;
            }
        }
    }

    private AddedToken? WordAt(string text, ref int at)
    {
        if (_words.Length == 0)
        {
            return null;
        }

        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        foreach (var token in _words)
        {
            if (string.CompareOrdinal(text, at, token.Content, 0, token.Content.Length) == 0)
            {
                at += token.Content.Length;
                return token;
            }
        }

        return null;
    }
}
