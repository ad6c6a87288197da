using System.Globalization;
using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>
/// Python's <c>html.unescape</c>: HTML5 named and numeric references, with or without the semicolon, longest known prefix
/// first. <c>WebUtility.HtmlDecode</c> knows the 253 names of HTML 4 and needs the semicolon.
/// </summary>
internal static class HtmlEntities
{
    private const int LongestName = 32;
    private static readonly Dictionary<string, string> Names = Load();

    /// <summary>What the bytes 0x80 to 0x9F mean to a browser: Windows-1252.</summary>
    private static readonly int[] Windows1252 =
    [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ];

    /// <summary>Replaces every reference once.</summary>
    public static string Unescape(string text)
    {
        var at = text.IndexOf('&');
        if (at < 0)
        {
            return text;
        }

        var builder = new StringBuilder(text.Length);
        var done = 0;
        while (at >= 0)
        {
            builder.Append(text, done, at - done);
            var rest = text.AsSpan(at + 1);
            var used = rest.StartsWith("#") ? Numeric(rest, builder) : Named(rest, builder);
            if (used == 0)
            {
                builder.Append('&');
            }

            done = at + 1 + used;
            at = text.IndexOf('&', done);
        }

        return builder.Append(text, done, text.Length - done).ToString();
    }

    private static int Numeric(ReadOnlySpan<char> rest, StringBuilder builder)
    {
        var hexadecimal = rest.Length > 1 && rest[1] is 'x' or 'X';
        var start = hexadecimal ? 2 : 1;
        var end = start;
        long value = 0;
        while (end < rest.Length && (hexadecimal ? char.IsAsciiHexDigit(rest[end]) : char.IsAsciiDigit(rest[end])))
        {
            value = Math.Min((value * (hexadecimal ? 16 : 10)) + int.Parse(rest.Slice(end, 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture), 0x110000);
            end++;
        }

        if (end == start)
        {
            return 0;
        }

        if (value is >= 0x80 and <= 0x9F)
        {
            builder.Append((char)Windows1252[value - 0x80]);
        }
        else if (value is 0 or >= 0xD800 and <= 0xDFFF or > 0x10FFFF)
        {
            builder.Append('\uFFFD');
        }
        else if (!IsInvalid((int)value))
        {
            builder.Append(new Rune((int)value).ToString());
        }

        return end < rest.Length && rest[end] == ';' ? end + 1 : end;
    }

    private static bool IsInvalid(int point) =>
        point is (>= 0x1 and <= 0x8) or 0xB or (>= 0xE and <= 0x1F) or (>= 0x7F and <= 0x9F) or (>= 0xFDD0 and <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE;

    private static int Named(ReadOnlySpan<char> rest, StringBuilder builder)
    {
        var end = 0;
        while (end < rest.Length && end < LongestName && !"\t\n\f <&#;".Contains(rest[end]))
        {
            end++;
        }

        if (end == 0)
        {
            return 0;
        }

        if (end < rest.Length && rest[end] == ';')
        {
            end++;
        }

        for (var length = end; length > 1; length--)
        {
            if (Names.TryGetValue(rest[..length].ToString(), out var value))
            {
                builder.Append(value);
                return length;
            }
        }

        return 0;
    }

    private static Dictionary<string, string> Load()
    {
        using var stream = typeof(HtmlEntities).Assembly.GetManifestResourceStream("html5-entities.txt")!;
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var names = new Dictionary<string, string>(2300, StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var parts = line.Split(' ');
            names[parts[0]] = string.Concat(parts.Skip(1).Select(p => new Rune(int.Parse(p, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString()));
        }

        return names;
    }
}
