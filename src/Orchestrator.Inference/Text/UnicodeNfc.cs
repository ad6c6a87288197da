using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// Canonical composition (NFC, Unicode Standard Annex 15). The runtime's own <c>string.Normalize</c> returns its input
/// unchanged in invariant globalization, which this product runs in.
/// </summary>
internal static class UnicodeNfc
{
    private const int HangulBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7;
    private const int LCount = 19, VCount = 21, TCount = 28;

    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];

    static UnicodeNfc()
    {
        using var stream = typeof(UnicodeNfc).Assembly.GetManifestResourceStream("unicode-nfc.bin")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var at = 8;
        for (var i = BinaryPrimitives.ReadInt32LittleEndian(bytes); i > 0; i--, at += 13)
        {
            var point = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            var pair = (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4)), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 8)));
            Decompositions[point] = pair;
            if (bytes[at + 12] != 0)
            {
                Compositions[pair] = point;
            }
        }

        for (var i = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)); i > 0; i--, at += 5)
        {
            Classes[BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at))] = bytes[at + 4];
        }
    }

    /// <summary>The NFD form, as code points. Lone surrogates become U+FFFD.</summary>
    public static List<int> Decomposed(string text)
    {
        var points = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        Reorder(points);
        return points;
    }

    /// <summary>The NFC form. Lone surrogates become U+FFFD.</summary>
    public static string Normalize(string text)
    {
        // Below U+0300 nothing composes with a neighbour and every character is its own NFC form.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
        {
            return text;
        }

        var points = Decomposed(text);
        Compose(points);
        var builder = new StringBuilder(points.Count);
        Span<char> pair = stackalloc char[2];
        foreach (var point in points)
        {
            builder.Append(pair[..new Rune(point).EncodeToUtf16(pair)]);
        }

        return builder.ToString();
    }

    private static void Decompose(int point, List<int> into)
    {
        var syllable = point - HangulBase;
        if (syllable is >= 0 and < LCount * VCount * TCount)
        {
            into.Add(LBase + (syllable / (VCount * TCount)));
            into.Add(VBase + (syllable % (VCount * TCount) / TCount));
            if (syllable % TCount != 0)
            {
                into.Add(TBase + (syllable % TCount));
            }
        }
        else if (point >= 0xC0 && Decompositions.TryGetValue(point, out var pair))
        {
            Decompose(pair.First, into);
            if (pair.Second != 0)
            {
                Decompose(pair.Second, into);
            }
        }
        else
        {
            into.Add(point);
        }
    }

    private static byte Class(int point) => point < 0x300 ? (byte)0 : Classes.GetValueOrDefault(point);

    /// <summary>Sorts each run of combining marks by class, stably.</summary>
    private static void Reorder(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            if (Class(points[start]) == 0)
            {
                continue;
            }

            var end = start + 1;
            while (end < points.Count && Class(points[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(Class).ToArray();
                for (var i = 0; i < sorted.Length; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = end;
        }
    }

    private static void Compose(List<int> points)
    {
        var starter = -1;
        var last = -1;
        var length = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var combining = Class(point);
            if (starter >= 0 && last < combining && Pair(points[starter], point) is { } composed)
            {
                points[starter] = composed;
                continue;
            }

            if (combining == 0)
            {
                starter = length;
                last = -1;
            }
            else
            {
                last = combining;
            }

            points[length++] = point;
        }

        points.RemoveRange(length, points.Count - length);
    }

    private static int? Pair(int first, int second)
    {
        if (first - LBase is >= 0 and < LCount && second - VBase is >= 0 and < VCount)
        {
            return HangulBase + ((((first - LBase) * VCount) + second - VBase) * TCount);
        }

        if (first - HangulBase is >= 0 and < LCount * VCount * TCount && (first - HangulBase) % TCount == 0 && second - TBase is > 0 and < TCount)
        {
            return first + second - TBase;
        }

        return Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }
}
