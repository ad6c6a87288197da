using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// Unigram segmentation: the path of pieces with the largest sum of log probabilities (Kudo 2018), found by Viterbi over UTF-8.
/// </summary>
/// <remarks>
/// As sentencepiece's optimised encoder (unigram_model.cc): an unknown character costs the smallest score less 10, a later path
/// must be strictly better, neighbouring unknown characters are one id, and a sum is kept in single precision but compared in
/// double before it is rounded, which decides between paths of equal score. Safe for concurrent use.
/// </remarks>
internal sealed class UnigramEncoder
{
    private const float UnknownPenalty = 10;

    private readonly SentencePieceModel _model;
    private readonly Dictionary<(int Node, byte Next), int> _edges = [];
    private readonly List<int> _ids = [-1];
    private readonly float _unknownScore;
    private readonly int[]? _bytes;

    /// <exception cref="ModelContractException">Byte fallback without all 256 byte pieces.</exception>
    public UnigramEncoder(SentencePieceModel model)
    {
        _model = model;
        var smallest = float.MaxValue;
        for (var id = 0; id < model.Pieces.Count; id++)
        {
            var piece = model.Pieces[id];
            if (piece.Type == PieceType.Normal)
            {
                smallest = Math.Min(smallest, piece.Score);
                Insert(piece.Text, id);
            }
        }

        _unknownScore = (smallest == float.MaxValue ? 0 : smallest) - UnknownPenalty;
        if (model.ByteFallback)
        {
            _bytes = [.. Enumerable.Range(0, 256).Select(value => model.IdOf($"<0x{value:X2}>")
                ?? throw new ModelContractException(model.Source, "pieces", $"<0x{value:X2}>, since byte_fallback is on", "no such piece", "Download the file again"))];
        }
    }

    /// <summary>Ids of normalised UTF-8.</summary>
    public List<int> Encode(ReadOnlySpan<byte> text)
    {
        var score = new float[text.Length + 1];
        var from = new int[text.Length + 1];
        var piece = new int[text.Length + 1];
        from.AsSpan().Fill(-1);
        for (var start = 0; start < text.Length;)
        {
            var width = Width(text[start..]);
            var alone = false;
            var node = 0;
            for (var end = start; end < text.Length && _edges.TryGetValue((node, text[end]), out node);)
            {
                end++;
                if (_ids[node] is not (>= 0 and var id))
                {
                    continue;
                }

                Offer(start, end, id, score[start] + (double)_model.Pieces[id].Score);
                alone |= end - start == width;
            }

            if (!alone)
            {
                Offer(start, start + width, _model.UnknownId, score[start] + _unknownScore);
            }

            start += width;
        }

        return Path(text, from, piece);

        void Offer(int start, int end, int id, double sum)
        {
            if (from[end] < 0 || sum > score[end])
            {
                (score[end], from[end], piece[end]) = ((float)sum, start, id);
            }
        }
    }

    private List<int> Path(ReadOnlySpan<byte> text, int[] from, int[] piece)
    {
        var ids = new List<int>();
        for (var end = text.Length; end > 0; end = from[end])
        {
            var unknown = piece[end] == _model.UnknownId;
            if (unknown && _bytes is not null)
            {
                for (var i = end - 1; i >= from[end]; i--)
                {
                    ids.Add(_bytes[text[i]]);
                }
            }
            else if (!unknown || ids.Count == 0 || ids[^1] != _model.UnknownId)
            {
                ids.Add(piece[end]);
            }
        }

        ids.Reverse();
        return ids;
    }

    private void Insert(string text, int id)
    {
        var node = 0;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (!_edges.TryGetValue((node, value), out var next))
            {
                next = _ids.Count;
                _ids.Add(-1);
                _edges[(node, value)] = next;
            }

            node = next;
        }

        if (node != 0)
        {
            _ids[node] = id;
        }
    }

    private static int Width(ReadOnlySpan<byte> text) => Math.Min(text.Length, text[0] switch { < 0x80 => 1, >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 1 });
}
