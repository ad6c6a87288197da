using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>What happens to a text before it is split into words.</summary>
public enum ClipTextCleaning
{
    /// <summary>transformers' CLIPTokenizerFast: NFC, white space runs to one space, lower case character by character.</summary>
    HuggingFace,

    /// <summary>
    /// open_clip and OpenAI: html.unescape twice, white space runs to one space, trimmed, Python's lower case. Their first step,
    /// <c>ftfy.fix_text</c> (repair of wrongly decoded text), is not carried out: on text that is not damaged it mostly turns curly
    /// quotes into straight ones. Nor does their pattern's IGNORECASE count, which on lower-case text only makes a letter of U+0345
    /// and an s of U+017F.
    /// </summary>
    OpenAi,
}

/// <summary>The cleaning steps.</summary>
internal static class ClipTextCleaner
{
    public static string Clean(string text, ClipTextCleaning cleaning) => cleaning == ClipTextCleaning.HuggingFace
        ? Lower(Spaces(UnicodeNfc.Normalize(text)), finalSigma: false)
        : Lower(TrimAsPython(Spaces(TrimAsPython(HtmlEntities.Unescape(HtmlEntities.Unescape(text))))), finalSigma: true);

    /// <summary>Python's <c>str.strip</c> takes off the four separators U+001C to U+001F too.</summary>
    private static string TrimAsPython(string text)
    {
        var (start, end) = (0, text.Length);
        while (start < end && IsPythonSpace(text[start]))
        {
            start++;
        }

        while (end > start && IsPythonSpace(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>What Python's <c>str.isspace</c> and <c>\s</c> take as white space.</summary>
    public static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>Python's <c>str.lower</c>.</summary>
    public static string PythonLower(string text) => Lower(text, finalSigma: true);

    private static string Spaces(string text)
    {
        var builder = new StringBuilder(text.Length);
        var inRun = false;
        foreach (var c in text)
        {
            var space = char.IsWhiteSpace(c);
            if (!space)
            {
                builder.Append(c);
            }
            else if (!inRun)
            {
                builder.Append(' ');
            }

            inRun = space;
        }

        return builder.ToString();
    }

    private static string Lower(string text, bool finalSigma)
    {
        var builder = new StringBuilder(text.Length);
        Span<char> units = stackalloc char[2];
        for (var i = 0; i < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used);
            switch (rune.Value)
            {
                case 0x130:
                    // The one character whose lower case is two.
                    builder.Append("i\u0307");
                    break;
                case 0x3A3 when finalSigma && IsFinal(text, i):
                    builder.Append('\u03C2');
                    break;
                default:
                    builder.Append(units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)]);
                    break;
            }

            i += used;
        }

        return builder.ToString();
    }

    /// <summary>Final_Sigma of the Unicode Standard, 3.13: a cased letter before, none after, case-ignorable characters skipped.</summary>
    private static bool IsFinal(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
        {
            before--;
        }

        var after = at + 1;
        while (after < text.Length && IsCaseIgnorable(text[after]))
        {
            after++;
        }

        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char c) => char.GetUnicodeCategory(c) is
        System.Globalization.UnicodeCategory.LowercaseLetter or System.Globalization.UnicodeCategory.UppercaseLetter or System.Globalization.UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(char c) => c is '\'' or '.' or ':' or '\u00B7' or '\u2018' or '\u2019' || char.GetUnicodeCategory(c) is
        System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.Format
        or System.Globalization.UnicodeCategory.ModifierLetter or System.Globalization.UnicodeCategory.ModifierSymbol;
}
