using System.Buffers;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>GPT-2's tokenizer and its kin: text cut by a pattern, each stretch byte-level BPE; ids turn back into the exact bytes.</summary>
/// <remarks>
/// Reads a Hugging Face folder: <c>tokenizer.json</c> (BPE with a ByteLevel pre-tokenizer and the pattern of GPT-2, SmolLM, Qwen2 or
/// Llama 3) or <c>vocab.json</c> with <c>merges.txt</c>. Added tokens are found in the text first. No begin or end id is put in: prompts differ in
/// what they want. Safe for concurrent use.
/// </remarks>
public sealed class ByteLevelTokenizer
{
    private readonly ByteLevelVocabulary _vocabulary;
    private readonly BytePairEncoder _encoder;
    private readonly byte[][] _bytes;
    private readonly bool[] _special;

    private ByteLevelTokenizer(ByteLevelVocabulary vocabulary)
    {
        _vocabulary = vocabulary;
        _encoder = new BytePairEncoder(vocabulary.Ids, vocabulary.Merges, unknownId: -1, endOfWord: "", longestWord: int.MaxValue, vocabulary.Source);
        var size = vocabulary.Ids.Values.Concat(vocabulary.Added.Select(t => t.Id)).Max() + 1;
        (_bytes, _special) = (new byte[size][], new bool[size]);
        _bytes.AsSpan().Fill([]);
        var values = new Dictionary<char, byte>();
        for (var value = 0; value < 256; value++)
        {
            values[BytePairEncoder.Alphabet[value]] = (byte)value;
        }

        foreach (var (token, id) in vocabulary.Ids)
        {
            _bytes[id] = token.All(values.ContainsKey) ? [.. token.Select(c => values[c])] : Encoding.UTF8.GetBytes(token);
        }

        foreach (var token in vocabulary.Added)
        {
            (_bytes[token.Id], _special[token.Id]) = (Encoding.UTF8.GetBytes(token.Content), token.Special);
        }
    }

    /// <summary>Id that begins a sequence; null when the folder names none.</summary>
    public int? BeginId => _vocabulary.BeginId;

    /// <summary>Id that ends a sequence; null when the folder names none.</summary>
    public int? EndId => _vocabulary.EndId;

    /// <summary>Ids are below this.</summary>
    public int VocabularySize => _bytes.Length;

    /// <summary>Reads a folder.</summary>
    /// <exception cref="ModelContractException">A file is missing or holds another tokenizer.</exception>
    public static ByteLevelTokenizer Load(string folder) => new(ByteLevelVocabulary.Read(folder));

    /// <summary>Ids of a text; empty for an empty text.</summary>
    public List<int> Encode(string text)
    {
        var ids = new List<int>(text.Length / 3 + 4);
        foreach (var part in AddedTokenSplitter.Split(text, _vocabulary.Added))
        {
            if (part.Token is { } token)
            {
                ids.Add(token.Id);
                continue;
            }

            var stretch = _vocabulary.Compose ? UnicodeNfc.Normalize(part.Text) : part.Text;
            stretch = _vocabulary.AddPrefixSpace && stretch[0] != ' ' ? " " + stretch : stretch;
            var at = 0;
            while (at < stretch.Length)
            {
                var word = ByteLevelScanner.Next(stretch, ref at, _vocabulary.Pattern);
                if (_vocabulary.WholeWords && Whole(word) is { } id)
                {
                    ids.Add(id);
                }
                else
                {
                    _encoder.Encode(word, ids);
                }
            }
        }

        return ids;
    }

    /// <summary>Text of ids. Bytes that are no UTF-8 become U+FFFD, as Python's <c>errors="replace"</c>.</summary>
    /// <param name="ids">Ids below <see cref="VocabularySize"/>.</param>
    /// <param name="skipSpecial">Leave special tokens out. Default true.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id beyond the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids, bool skipSpecial = true)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var id in ids)
        {
            bytes.Write(BytesOf(id, skipSpecial));
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A decoder for ids that arrive one at a time.</summary>
    public ByteLevelStream Stream(bool skipSpecial = true) => new(this, skipSpecial);

    private int? Whole(ReadOnlySpan<char> word)
    {
        var token = string.Concat(Encoding.UTF8.GetBytes(word.ToArray()).Select(value => BytePairEncoder.Alphabet[value]));
        return _vocabulary.Ids.TryGetValue(token, out var id) ? id : null;
    }

    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)id, (uint)_bytes.Length, nameof(id));
        return skipSpecial && _special[id] ? [] : _bytes[id];
    }
}

/// <summary>Text of ids as they arrive: a character whose bytes are spread over ids comes out with the id that completes it.</summary>
/// <remarks>What comes out, joined, is what <see cref="ByteLevelTokenizer.Decode"/> gives for all ids together. One stream, one sequence.</remarks>
public sealed class ByteLevelStream
{
    private readonly ByteLevelTokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal ByteLevelStream(ByteLevelTokenizer tokenizer, bool skipSpecial) => (_tokenizer, _skipSpecial) = (tokenizer, skipSpecial);

    /// <summary>Text that the next id completes; empty while a character is open.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id beyond the vocabulary.</exception>
    public string Append(int id) => Decode(_tokenizer.BytesOf(id, _skipSpecial), flush: false);

    /// <summary>What is left at the end: U+FFFD for a character that was never completed, else nothing.</summary>
    public string Finish() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        _decoder.GetChars(bytes, characters, flush);
        return new string(characters);
    }
}
