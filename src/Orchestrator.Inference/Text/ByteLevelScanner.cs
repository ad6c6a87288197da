using System.Globalization;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>How text is cut before byte-level BPE.</summary>
internal enum ByteLevelPattern
{
    /// <summary>GPT-2's pattern.</summary>
    Gpt2,

    /// <summary>GPT-2's after a Digits pre-tokenizer: each digit alone (SmolLM).</summary>
    Gpt2Digits,

    /// <summary>The pattern of cl100k with single digits (Qwen2, Qwen3).</summary>
    Qwen2,

    /// <summary>The pattern of cl100k with digits in threes (Llama 3).</summary>
    Llama3,
}

/// <summary>
/// Patterns as scanners, GPT-2's being <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, over code points: the
/// runtime's regular expressions match UTF-16 units and would miss every letter beyond the basic plane.
/// </summary>
internal static class ByteLevelScanner
{
    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    /// <summary>The stretch that begins at <paramref name="at"/>, which moves past it. Every character belongs to one stretch.</summary>
    /// <param name="text">Text.</param>
    /// <param name="at">Place, below the length.</param>
    /// <param name="pattern">Pattern.</param>
    public static ReadOnlySpan<char> Next(ReadOnlySpan<char> text, ref int at, ByteLevelPattern pattern) => pattern switch
    {
        ByteLevelPattern.Gpt2 => NextGpt2(text, ref at, singleDigits: false),
        ByteLevelPattern.Gpt2Digits => NextGpt2(text, ref at, singleDigits: true),
        ByteLevelPattern.Qwen2 => NextCl100k(text, ref at, longestNumber: 1),
        _ => NextCl100k(text, ref at, longestNumber: 3),
    };

    /// <summary>
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,k}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
    /// </summary>
    private static ReadOnlySpan<char> NextCl100k(ReadOnlySpan<char> text, ref int at, int longestNumber)
    {
        var start = at;
        if (text[at] == '\'' && Contraction(text[at..], StringComparison.OrdinalIgnoreCase) is var contraction and > 0)
        {
            at += contraction;
            return text[start..at];
        }

        var kind = KindAt(text[at..], out var used);
        at += used;
        var after = at < text.Length ? KindAt(text[at..], out _) : Kind.Space;
        if (kind == Kind.Letter || (kind != Kind.Number && after == Kind.Letter && text[start] is not ('\r' or '\n')))
        {
            return Run(text, start, ref at, Kind.Letter);
        }

        if (kind == Kind.Number)
        {
            for (var count = 1; count < longestNumber && at < text.Length && KindAt(text[at..], out used) == Kind.Number; count++)
            {
                at += used;
            }

            return text[start..at];
        }

        if (kind == Kind.Other || (text[start] == ' ' && after == Kind.Other))
        {
            Run(text, start, ref at, Kind.Other);
            while (at < text.Length && text[at] is '\r' or '\n')
            {
                at++;
            }

            return text[start..at];
        }

        var spaces = Run(text, start, ref at, Kind.Space);
        if (spaces.LastIndexOfAny('\r', '\n') is var line and >= 0)
        {
            at = start + line + 1;
        }
        else if (at < text.Length && spaces.Length > 1)
        {
            at--;
        }

        return text[start..at];
    }

    private static ReadOnlySpan<char> NextGpt2(ReadOnlySpan<char> text, ref int at, bool singleDigits)
    {
        var start = at;
        if (text[at] == '\'' && Contraction(text[at..], StringComparison.Ordinal) is var contraction and > 0)
        {
            at += contraction;
            return text[start..at];
        }

        var kind = KindAt(text[at..], out var used);
        if (kind == Kind.Space)
        {
            if (text[at] == ' ' && at + 1 < text.Length && KindAt(text[(at + 1)..], out var next) is var after and not Kind.Space && !(singleDigits && after == Kind.Number))
            {
                at += 1 + next;
                return Run(text, start, ref at, after);
            }

            return Spaces(text, start, ref at, singleDigits);
        }

        at += used;
        return singleDigits && kind == Kind.Number ? text[start..at] : Run(text, start, ref at, kind);
    }

    private static ReadOnlySpan<char> Run(ReadOnlySpan<char> text, int start, ref int at, Kind kind)
    {
        while (at < text.Length && KindAt(text[at..], out var used) == kind)
        {
            at += used;
        }

        return text[start..at];
    }

    /// <summary>A run of white space, without its last character when a word follows and the run is longer than one.</summary>
    private static ReadOnlySpan<char> Spaces(ReadOnlySpan<char> text, int start, ref int at, bool singleDigits)
    {
        var last = at;
        var follows = Kind.Space;
        while (at < text.Length && (follows = KindAt(text[at..], out var used)) == Kind.Space)
        {
            last = at;
            at += used;
        }

        if (at < text.Length && last > start && !(singleDigits && follows == Kind.Number))
        {
            at = last;
        }

        return text[start..at];
    }

    private static int Contraction(ReadOnlySpan<char> text, StringComparison comparison)
    {
        foreach (var ending in (ReadOnlySpan<string>)["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"])
        {
            if (text.StartsWith(ending, comparison))
            {
                return ending.Length;
            }
        }

        return 0;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, out int used)
    {
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
