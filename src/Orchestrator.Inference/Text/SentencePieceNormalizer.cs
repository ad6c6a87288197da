using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// SentencePiece's normalisation on UTF-8: at each place the longest rule of the precompiled map applies, spaces become U+2581,
/// runs collapse and the ends are trimmed where the model says so.
/// </summary>
/// <remarks>
/// The map is a darts-clone double array (32-bit units) over UTF-8, its values offsets into zero-terminated replacements
/// (sentencepiece, normalizer.cc). Safe for concurrent use.
/// </remarks>
internal sealed class SentencePieceNormalizer
{
    private static ReadOnlySpan<byte> Mark => [0xE2, 0x96, 0x81];

    private static readonly byte[] Space = [(byte)' '];
    private static readonly byte[] Replacement = [0xEF, 0xBF, 0xBD];

    private readonly SentencePieceModel _model;
    private readonly uint[] _units;
    private readonly ReadOnlyMemory<byte> _replacements;

    /// <exception cref="ModelContractException">The map's sizes do not fit.</exception>
    public SentencePieceNormalizer(SentencePieceModel model)
    {
        _model = model;
        _units = [];
        var map = model.CharsMap;
        if (map.Length == 0)
        {
            return;
        }

        var size = map.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(map.Span) : uint.MaxValue;
        if (size % 4 != 0 || size > map.Length - 4)
        {
            throw new ModelContractException(model.Source, "precompiled_charsmap", "a trie that fits into the map", $"{size} bytes of {map.Length}", "Download the file again");
        }

        _units = new uint[size / 4];
        for (var i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map.Span[(4 + (4 * i))..]);
        }

        _replacements = map[(int)(4 + size)..];
    }

    /// <summary>Normalised UTF-8 of a text; empty when nothing is left.</summary>
    public byte[] Normalize(string text)
    {
        var input = Encoding.UTF8.GetBytes(text);
        var output = new List<byte>(input.Length + 16);
        var at = 0;
        if (_model.RemoveExtraWhitespaces)
        {
            while (at < input.Length && Prefix(input, at, out var used).Span.SequenceEqual(Space))
            {
                at += used;
            }
        }

        if (at == input.Length)
        {
            return [];
        }

        if (_model.AddDummyPrefix)
        {
            output.AddRange(Mark);
        }

        var afterSpace = _model.RemoveExtraWhitespaces;
        while (at < input.Length)
        {
            var part = Prefix(input, at, out var used).Span;
            at += used;
            while (afterSpace && part.Length > 0 && part[0] == ' ')
            {
                part = part[1..];
            }

            foreach (var value in part)
            {
                if (value == ' ')
                {
                    output.AddRange(Mark);
                }
                else
                {
                    output.Add(value);
                }
            }

            afterSpace = _model.RemoveExtraWhitespaces && (part.Length == 0 ? afterSpace : part[^1] == ' ');
        }

        if (_model.RemoveExtraWhitespaces)
        {
            while (EndsWithMark(output))
            {
                output.RemoveRange(output.Count - 3, 3);
            }
        }

        return [.. output];
    }

    private static bool EndsWithMark(List<byte> bytes) => bytes.Count >= 3 && bytes[^3] == Mark[0] && bytes[^2] == Mark[1] && bytes[^1] == Mark[2];

    /// <summary>What the text at a place becomes, and how many bytes that takes.</summary>
    private ReadOnlyMemory<byte> Prefix(byte[] input, int at, out int used)
    {
        if (Longest(input.AsSpan(at), out used) is { } offset)
        {
            var rest = _replacements[offset..];
            var end = rest.Span.IndexOf((byte)0);
            return end < 0 ? rest : rest[..end];
        }

        // The input was made from UTF-16, so every sequence is whole; a lone surrogate is already U+FFFD.
        used = Length(input[at]);
        return used == 0 ? Take(out used) : input.AsMemory(at, used);

        static ReadOnlyMemory<byte> Take(out int one)
        {
            one = 1;
            return Replacement;
        }
    }

    private int? Longest(ReadOnlySpan<byte> text, out int used)
    {
        used = 0;
        if (_units.Length == 0)
        {
            return null;
        }

        int? found = null;
        var at = Offset(_units[0]);
        for (var i = 0; i < text.Length; i++)
        {
            at ^= text[i];
            if (at >= _units.Length)
            {
                break;
            }

            var unit = _units[at];
            // Label of a node: its low byte, with the sign bit for leaves.
            if ((unit & 0x800000FF) != text[i])
            {
                break;
            }

            at ^= Offset(unit);
            if ((unit & 0x100) != 0 && at < _units.Length)
            {
                var value = (int)(_units[at] & 0x7FFFFFFF);
                if (value < _replacements.Length)
                {
                    (found, used) = (value, i + 1);
                }
            }
        }

        return found;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private static int Length(byte first) => first switch { < 0x80 => 1, >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, _ => 0 };
}
