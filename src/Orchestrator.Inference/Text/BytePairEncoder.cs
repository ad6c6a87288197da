using System.Collections.Concurrent;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// Byte-level byte-pair encoding (Sennrich 2016): a word's UTF-8 bytes become symbols, the last one carries the end-of-word mark
/// where the vocabulary has one (CLIP: <c>&lt;/w&gt;</c>; GPT-2: none), and the neighbouring pair of lowest rank is merged, leftmost
/// first, until no pair has a rank.
/// </summary>
/// <remarks>
/// Cost O(n log n) in the word's bytes (linked list and heap). Words up to 64 characters are cached, at most
/// <see cref="CacheLimit"/> of them. Where only the first tokens count (CLIP reads 77), a word may be cut far beyond them. Safe for concurrent use.
/// </remarks>
internal sealed class BytePairEncoder
{
    /// <summary>Cut for encoders that read a few dozen tokens.</summary>
    public const int ShortContext = 16_384;

    private const int CacheLimit = 65_536;
    private const int LongestCached = 64;

    private readonly int _longestWord;
    private readonly int[] _inner = new int[256];
    private readonly int[] _final = new int[256];
    private readonly Dictionary<(int Left, int Right), Merge> _merges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);

    /// <param name="vocabulary">Token to id, tokens written in the byte alphabet of <see cref="Alphabet"/>.</param>
    /// <param name="merges">Pairs, best first.</param>
    /// <param name="unknownId">Id for a byte the vocabulary lacks.</param>
    /// <param name="endOfWord">Mark on a word's last symbol; empty for none.</param>
    /// <param name="longestWord">Bytes of a word that are looked at; a longer word is cut there.</param>
    /// <param name="source">File name for errors.</param>
    /// <exception cref="ModelContractException">A merge names a token the vocabulary lacks.</exception>
    public BytePairEncoder(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, int unknownId, string endOfWord, int longestWord, string source)
    {
        _longestWord = longestWord;
        for (var value = 0; value < 256; value++)
        {
            var symbol = Alphabet[value].ToString();
            _inner[value] = vocabulary.TryGetValue(symbol, out var inner) ? inner : unknownId;
            _final[value] = vocabulary.TryGetValue(symbol + endOfWord, out var final) ? final : unknownId;
        }

        _merges = new Dictionary<(int, int), Merge>(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (!vocabulary.TryGetValue(left, out var l) || !vocabulary.TryGetValue(right, out var r) || !vocabulary.TryGetValue(left + right, out var joined))
            {
                throw new ModelContractException(source, $"merge {rank}", "a pair whose parts and join are in the vocabulary", $"{left} {right}", "Take vocabulary and merges from one download");
            }

            _merges.TryAdd((l, r), new Merge(rank, joined));
        }
    }

    /// <summary>GPT-2's printable stand-in for each byte: printable Latin-1 stands for itself, the rest follows from U+0100 on.</summary>
    public static char[] Alphabet { get; } = MakeAlphabet();

    /// <summary>Ids of one word (no white space), appended to <paramref name="ids"/>.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > LongestCached)
        {
            ids.AddRange(Split(word));
            return;
        }

        var lookup = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(word, out var known))
        {
            known = Split(word);
            if (_cache.Count < CacheLimit)
            {
                lookup.TryAdd(word, known);
            }
        }

        ids.AddRange(known);
    }

    private int[] Split(ReadOnlySpan<char> word)
    {
        if (word.Length > _longestWord)
        {
            word = word[.._longestWord];
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(word.Length)];
        var length = Math.Min(Encoding.UTF8.GetBytes(word, bytes), _longestWord);
        if (length == 0)
        {
            return [];
        }

        var symbols = new int[length];
        for (var i = 0; i < length; i++)
        {
            symbols[i] = i == length - 1 ? _final[bytes[i]] : _inner[bytes[i]];
        }

        return MergeAll(symbols);
    }

    private int[] MergeAll(int[] symbols)
    {
        var next = new int[symbols.Length];
        var previous = new int[symbols.Length];
        var queue = new PriorityQueue<Candidate, (int Rank, int At)>();
        for (var i = 0; i < symbols.Length; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1 < symbols.Length ? i + 1 : -1);
        }

        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            Offer(i, i + 1);
        }

        while (queue.TryDequeue(out var best, out var order))
        {
            var right = next[order.At];
            // Stale when either side was merged since the candidate was queued.
            if (right < 0 || symbols[order.At] != best.Left || symbols[right] != best.Right)
            {
                continue;
            }

            symbols[order.At] = best.Joined;
            symbols[right] = -1;
            next[order.At] = next[right];
            if (next[right] >= 0)
            {
                previous[next[right]] = order.At;
                Offer(order.At, next[right]);
            }

            if (previous[order.At] >= 0)
            {
                Offer(previous[order.At], order.At);
            }
        }

        return Array.FindAll(symbols, id => id >= 0);

        void Offer(int left, int right)
        {
            if (_merges.TryGetValue((symbols[left], symbols[right]), out var merge))
            {
                queue.Enqueue(new Candidate(symbols[left], symbols[right], merge.Joined), (merge.Rank, left));
            }
        }
    }

    private static char[] MakeAlphabet()
    {
        var alphabet = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            alphabet[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : (char)next++;
        }

        return alphabet;
    }

    private readonly record struct Merge(int Rank, int Joined);

    private readonly record struct Candidate(int Left, int Right, int Joined);
}
