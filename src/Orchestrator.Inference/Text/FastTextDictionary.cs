using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>fastText's dictionary: words, labels, and the hashes that turn a line into input rows (src/dictionary.cc).</summary>
internal sealed class FastTextDictionary
{
    private const string LabelPrefix = "__label__";
    private readonly FastTextArguments _arguments;
    private readonly Dictionary<ByteString, int> _ids;
    private readonly string[] _labels;
    private readonly int _words;
    private readonly Dictionary<int, int>? _kept;

    private FastTextDictionary(FastTextArguments arguments, Dictionary<ByteString, int> ids, string[] labels, long[] labelCounts, int words, Dictionary<int, int>? kept) =>
        (_arguments, _ids, _labels, LabelCounts, _words, _kept) = (arguments, ids, labels, labelCounts, words, kept);

    /// <summary>Labels in file order, prefix included.</summary>
    public IReadOnlyList<string> Labels => _labels;

    /// <summary>How often each label was seen in training: shapes the tree of hierarchical softmax.</summary>
    public long[] LabelCounts { get; }

    /// <summary>True when the character and word n-grams were pruned, as in .ftz files with a cutoff.</summary>
    public bool IsPruned => _kept is not null;

    /// <summary>Rows the input matrix must have at least.</summary>
    public long InputRows => _words + (_kept is null ? _arguments.Bucket : (long)_kept.Count);

    public static FastTextDictionary Read(FastTextFile file, FastTextArguments arguments)
    {
        var size = file.Checked(file.Int32("dictionary.size"), 10, "dictionary.size");
        var (words, labels) = (file.Int32("dictionary.nwords"), file.Int32("dictionary.nlabels"));
        file.Int64("dictionary.ntokens");
        var pruned = file.Int64("dictionary.pruneidx_size");
        if (words < 0 || labels < 1 || (long)words + labels != size)
        {
            throw file.Wrong("dictionary", "words + labels = size, with one label at least", $"{words} + {labels}, {size}");
        }

        var ids = new Dictionary<ByteString, int>(size);
        var names = new string[labels];
        var counts = new long[labels];
        for (var i = 0; i < size; i++)
        {
            var word = file.ZeroTerminated("dictionary.word");
            var count = file.Int64("dictionary.count");
            var isLabel = file.Flag("dictionary.type");
            if (isLabel != i >= words)
            {
                throw file.Wrong("dictionary", "all words before all labels", $"entry {i} out of place");
            }

            ids[new ByteString(word)] = i;
            if (isLabel)
            {
                (names[i - words], counts[i - words]) = (Encoding.UTF8.GetString(word), count);
            }
        }

        Dictionary<int, int>? kept = null;
        if (pruned >= 0)
        {
            kept = new Dictionary<int, int>(file.Checked(pruned, 8, "dictionary.pruneidx"));
            for (var i = 0L; i < pruned; i++)
            {
                kept[file.Int32("dictionary.pruneidx")] = file.Int32("dictionary.pruneidx");
            }
        }

        return new FastTextDictionary(arguments, ids, names, counts, words, kept);
    }

    /// <summary>
    /// Input rows of one line: words, their character n-grams, the end-of-line token, word n-grams. A label in the text adds no
    /// row.
    /// </summary>
    public List<int> Rows(ReadOnlySpan<byte> line)
    {
        var rows = new List<int>();
        var hashes = new List<int>();
        while (!line.IsEmpty)
        {
            var start = line.IndexOfAnyExcept(" \n\r\t\v\f\0"u8);
            if (start < 0)
            {
                break;
            }

            line = line[start..];
            var end = line.IndexOfAny(" \n\r\t\v\f\0"u8);
            var word = end < 0 ? line : line[..end];
            line = line[word.Length..];
            Add(word, rows, hashes);
            if (word.SequenceEqual("</s>"u8))
            {
                // A literal end-of-line token ends the line for fastText.
                AddWordNgrams(rows, hashes);
                return rows;
            }
        }

        Add("</s>"u8, rows, hashes);
        AddWordNgrams(rows, hashes);
        return rows;
    }

    private void Add(ReadOnlySpan<byte> word, List<int> rows, List<int> hashes)
    {
        var known = _ids.TryGetValue(new ByteString(word.ToArray()), out var id);
        if (known ? id >= _words : word.StartsWith(Encoding.ASCII.GetBytes(LabelPrefix)))
        {
            return;
        }

        hashes.Add((int)Hash(word));
        if (known)
        {
            rows.Add(id);
        }

        if (word.SequenceEqual("</s>"u8) || (known && _arguments.MaxN <= 0))
        {
            return;
        }

        var framed = new byte[word.Length + 2];
        framed[0] = (byte)'<';
        word.CopyTo(framed.AsSpan(1));
        framed[^1] = (byte)'>';
        AddSubwords(framed, rows);
    }

    private void AddSubwords(ReadOnlySpan<byte> word, List<int> rows)
    {
        for (var i = 0; i < word.Length; i++)
        {
            if (IsContinuation(word[i]))
            {
                continue;
            }

            var end = i;
            for (var n = 1; end < word.Length && n <= _arguments.MaxN; n++)
            {
                end++;
                while (end < word.Length && IsContinuation(word[end]))
                {
                    end++;
                }

                if (n >= _arguments.MinN && !(n == 1 && (i == 0 || end == word.Length)))
                {
                    Push(rows, (int)(Hash(word[i..end]) % (uint)_arguments.Bucket));
                }
            }
        }
    }

    private void AddWordNgrams(List<int> rows, List<int> hashes)
    {
        for (var i = 0; i < hashes.Count; i++)
        {
            // The reference widens a signed hash, so the sign bit reaches the upper half.
            var h = unchecked((ulong)(long)hashes[i]);
            for (var j = i + 1; j < hashes.Count && j < i + _arguments.WordNgrams; j++)
            {
                h = unchecked((h * 116049371) + (ulong)(long)hashes[j]);
                Push(rows, (int)(h % (ulong)_arguments.Bucket));
            }
        }
    }

    private void Push(List<int> rows, int hash)
    {
        if (_kept is null)
        {
            rows.Add(_words + hash);
        }
        else if (_kept.TryGetValue(hash, out var row))
        {
            rows.Add(_words + row);
        }
    }

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    /// <summary>FNV-1a over sign-extended bytes: the sign extension is fastText's, kept for its released models.</summary>
    private static uint Hash(ReadOnlySpan<byte> bytes)
    {
        var h = 2166136261u;
        foreach (var value in bytes)
        {
            h = unchecked((h ^ (uint)(sbyte)value) * 16777619u);
        }

        return h;
    }

    /// <summary>Bytes compared by content: words need not be valid UTF-8.</summary>
    private readonly struct ByteString(byte[] bytes) : IEquatable<ByteString>
    {
        private readonly byte[] _bytes = bytes;

        public bool Equals(ByteString other) => _bytes.AsSpan().SequenceEqual(other._bytes);

        public override bool Equals(object? obj) => obj is ByteString other && Equals(other);

        public override int GetHashCode() => (int)Hash(_bytes);
    }
}
