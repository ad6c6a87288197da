using System.Globalization;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// CLIP's word pattern <c>'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+</c> as a scanner. The runtime's regular
/// expressions match UTF-16 units, so <c>\p{L}</c> would miss every letter beyond the basic plane.
/// </summary>
internal static class ClipWordScanner
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>Finds the next word at or after <paramref name="at"/> and moves past it.</summary>
    /// <returns>False at the end of the text.</returns>
    public static bool Next(ReadOnlySpan<char> text, ref int at, out ReadOnlySpan<char> word)
    {
        while (at < text.Length)
        {
            var start = at;
            var kind = KindAt(text[at..], out var used);
            at += used;
            if (kind == Kind.Space)
            {
                continue;
            }

            if (text[start] == '\'' && Contraction(text[start..]) is var length and > 0)
            {
                at = start + length;
            }
            else if (kind != Kind.Number)
            {
                while (at < text.Length && KindAt(text[at..], out used) == kind)
                {
                    at += used;
                }
            }

            word = text[start..at];
            return true;
        }

        word = default;
        return false;
    }

    private static int Contraction(ReadOnlySpan<char> text)
    {
        foreach (var ending in (ReadOnlySpan<string>)["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"])
        {
            if (text.StartsWith(ending, StringComparison.Ordinal))
            {
                return ending.Length;
            }
        }

        return 0;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, out int used)
    {
        if (char.IsAscii(text[0]))
        {
            used = 1;
            var c = text[0];
            return char.IsAsciiLetter(c) ? Kind.Letter : char.IsAsciiDigit(c) ? Kind.Number : char.IsWhiteSpace(c) ? Kind.Space : Kind.Other;
        }

        Rune.DecodeFromUtf16(text, out var rune, out used);
        if (Rune.IsWhiteSpace(rune))
        {
            return Kind.Space;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
