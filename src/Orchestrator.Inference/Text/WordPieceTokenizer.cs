using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>BERT's tokenizer: cleaned words cut greedily into the longest pieces of the vocabulary, <c>[CLS]</c> before and <c>[SEP]</c> after.</summary>
/// <remarks>
/// Reads a Hugging Face folder: <c>tokenizer.json</c> (WordPiece with BertNormalizer) or <c>vocab.txt</c>, with
/// tokenizer_config.json for the special tokens. A word of more than 100 characters, or one that cannot be cut, is
/// <c>[UNK]</c>. Special tokens written in a text are those tokens, as in transformers. Safe for concurrent use.
/// </remarks>
public sealed class WordPieceTokenizer : ITextTokenizer
{
    private readonly WordPieceVocabulary _vocabulary;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly string[] _tokens;
    private readonly bool[] _special;

    internal WordPieceTokenizer(WordPieceVocabulary vocabulary, int context)
    {
        _vocabulary = vocabulary;
        ContextLength = context;
        _ids = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        LargestId = vocabulary.Ids.Values.Max();
        _tokens = new string[LargestId + 1];
        _special = new bool[LargestId + 1];
        foreach (var (token, id) in vocabulary.Ids)
        {
            _tokens[id] = token;
        }

        foreach (var token in vocabulary.Added.Where(t => t.Special))
        {
            _special[token.Id] = true;
        }
    }

    /// <inheritdoc/>
    public int ContextLength { get; }

    /// <inheritdoc/>
    public int PadId => _vocabulary.PadId;

    /// <summary>Id in front of every text: <c>[CLS]</c>.</summary>
    public int StartId => _vocabulary.StartId;

    /// <summary>Id after every text: <c>[SEP]</c>.</summary>
    public int EndId => _vocabulary.EndId;

    /// <summary>Largest id the vocabulary can give; the text model's table must be longer.</summary>
    public int LargestId { get; }

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="contextLength">Ids of a row; null takes the folder's own limit (BERT: 512).</param>
    /// <exception cref="ModelContractException">A file is missing or holds another tokenizer.</exception>
    public static WordPieceTokenizer Load(string folder, int? contextLength = null)
    {
        var settings = TokenizerSettings.Read(folder);
        return new(WordPieceVocabulary.Read(folder, settings), contextLength ?? settings.Context(512, least: 3));
    }

    /// <summary>Id of a token by its exact text, such as <c>[ENC]</c>.</summary>
    /// <exception cref="ModelContractException">The vocabulary lacks it.</exception>
    public int IdOf(string token) => _vocabulary.Ids.TryGetValue(token, out var id)
        ? id
        : throw new ModelContractException(_vocabulary.Source, "vocab", $"the token {token}", "no such entry", "Take tokenizer and manifest from one model");

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

    /// <summary>The first <paramref name="limit"/> ids of the text alone, without <c>[CLS]</c> and <c>[SEP]</c>.</summary>
    public List<int> Tokens(string text, int limit = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        var ids = new List<int>();
        foreach (var part in AddedTokenSplitter.Split(text, _vocabulary.Added))
        {
            if (part.Token is { } token)
            {
                ids.Add(token.Id);
            }
            else
            {
                var cleaned = _vocabulary.Cleaning.Clean(part.Text);
                var at = 0;
                while (ids.Count < limit && BertTextCleaning.Next(cleaned, ref at, out var word))
                {
                    Cut(word, ids);
                }
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

    /// <summary>
    /// Text of ids: special tokens left out, pieces joined to their word, one space between words, and the spaces before
    /// punctuation and in contractions taken out, as transformers' <c>clean_up_tokenization_spaces</c> does.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An id beyond the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        var builder = new StringBuilder();
        foreach (var id in ids)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)id, (uint)LargestId, nameof(ids));
            if (_special[id])
            {
                continue;
            }

            var token = _tokens[id] ?? "";
            if (token.StartsWith(_vocabulary.Prefix, StringComparison.Ordinal) && builder.Length > 0)
            {
                builder.Append(token, _vocabulary.Prefix.Length, token.Length - _vocabulary.Prefix.Length);
            }
            else
            {
                builder.Append(builder.Length > 0 ? " " : "").Append(token);
            }
        }

        foreach (var (spaced, joined) in (ReadOnlySpan<(string, string)>)
            [(" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")])
        {
            builder.Replace(spaced, joined);
        }

        return builder.ToString();
    }

    private void Cut(ReadOnlySpan<char> word, List<int> ids)
    {
        var first = ids.Count;
        if (Characters(word) > _vocabulary.LongestWord)
        {
            ids.Add(_vocabulary.UnknownId);
            return;
        }

        var prefix = _vocabulary.Prefix;
        Span<char> piece = stackalloc char[prefix.Length + word.Length];
        prefix.CopyTo(piece);
        for (var start = 0; start < word.Length;)
        {
            var end = word.Length;
            var id = -1;
            for (; end > start; end -= end - 2 > start && char.IsLowSurrogate(word[end - 1]) ? 2 : 1)
            {
                word[start..end].CopyTo(piece[prefix.Length..]);
                if (_ids.TryGetValue(start == 0 ? word[..end] : piece[..(prefix.Length + end - start)], out id))
                {
                    break;
                }

                id = -1;
            }

            if (id < 0)
            {
                ids.RemoveRange(first, ids.Count - first);
                ids.Add(_vocabulary.UnknownId);
                return;
            }

            ids.Add(id);
            start = end;
        }
    }

    private static int Characters(ReadOnlySpan<char> word)
    {
        var count = word.Length;
        foreach (var unit in word)
        {
            count -= char.IsLowSurrogate(unit) ? 1 : 0;
        }

        return count;
    }
}
