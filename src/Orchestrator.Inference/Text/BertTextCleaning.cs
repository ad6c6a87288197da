using System.Globalization;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>BERT's text steps before WordPiece: clean, space out ideographs, strip accents, lower case, split at space and punctuation.</summary>
/// <remarks>
/// Order and character classes follow BertNormalizer and BertPreTokenizer of Hugging Face's tokenizers, down to the block that begins
/// at U+2B920 there and at U+2B820 in BERT's own code.
/// </remarks>
/// <param name="CleanText">Remove control characters, U+0000 and U+FFFD; white space to spaces.</param>
/// <param name="SpaceIdeographs">Put spaces around CJK ideographs.</param>
/// <param name="StripAccents">Decompose (NFD) and drop non-spacing marks.</param>
/// <param name="LowerCase">Lower case, character by character.</param>
internal sealed record BertTextCleaning(bool CleanText = true, bool SpaceIdeographs = true, bool StripAccents = true, bool LowerCase = true)
{
    /// <summary>The cleaned text.</summary>
    public string Clean(string text)
    {
        var builder = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (CleanText && IsRemoved(rune))
            {
                continue;
            }

            if (CleanText && IsSpace(rune))
            {
                builder.Append(' ');
            }
            else if (SpaceIdeographs && IsIdeograph(rune.Value))
            {
                builder.Append(' ').Append(rune.ToString()).Append(' ');
            }
            else
            {
                Append(builder, rune);
            }
        }

        if (!StripAccents && !LowerCase)
        {
            return builder.ToString();
        }

        var spaced = builder.ToString();
        builder.Clear();
        foreach (var point in StripAccents ? UnicodeNfc.Decomposed(spaced) : [.. spaced.EnumerateRunes().Select(r => r.Value)])
        {
            var rune = new Rune(point);
            if (StripAccents && Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark)
            {
                continue;
            }

            if (LowerCase && point == 0x130)
            {
                builder.Append("i\u0307");
            }
            else
            {
                Append(builder, LowerCase ? Rune.ToLowerInvariant(rune) : rune);
            }
        }

        return builder.ToString();
    }

    /// <summary>The next word or punctuation character at or after <paramref name="at"/>, which moves past it.</summary>
    /// <returns>False at the end.</returns>
    public static bool Next(ReadOnlySpan<char> text, ref int at, out ReadOnlySpan<char> word)
    {
        var start = at;
        while (at < text.Length)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var used);
            var (space, alone) = (IsSpace(rune), IsPunctuation(rune));
            if (space || alone)
            {
                if (at > start)
                {
                    break;
                }

                at += used;
                if (alone)
                {
                    word = text[start..at];
                    return true;
                }

                start = at;
                continue;
            }

            at += used;
        }

        word = text[start..at];
        return word.Length > 0;
    }

    private static void Append(StringBuilder builder, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        builder.Append(units[..rune.EncodeToUtf16(units)]);
    }

    private static bool IsSpace(Rune rune) => rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune);

    private static bool IsRemoved(Rune rune) => rune.Value is 0 or 0xFFFD || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse);

    private static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)
        : Rune.IsPunctuation(rune);

    private static bool IsIdeograph(int point) => point is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
