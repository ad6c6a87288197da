using System.Globalization;

namespace Orchestrator.Data.Storage;

/// <summary>Shell braces: <c>{a,b}</c>, <c>{00..07}</c>, <c>{0..10..5}</c>, <c>{a..c}</c>, nested and several in one pattern.</summary>
/// <remarks>
/// Order and zero padding are bash's: a bound written with a leading zero pads all numbers to the wider bound. Stricter than bash: a lone brace and a
/// group that is neither a list nor a range are errors, because a typing mistake must not become a file name.
/// </remarks>
internal static class BraceExpansion
{
    private const int MaxDepth = 32;

    /// <summary>All expansions in order, or null and the problem. Stops as soon as more than <paramref name="limit"/> exist.</summary>
    public static List<string>? Expand(string pattern, int limit, out string? problem)
    {
        problem = null;
        var at = 0;
        var result = Sequence(pattern, ref at, nested: false, depth: 0, limit, ref problem);
        return problem is null ? result : null;
    }

    private static List<string> Sequence(string p, ref int at, bool nested, int depth, int limit, ref string? problem)
    {
        List<string> results = [""];
        while (at < p.Length && problem is null)
        {
            if (p[at] == '{')
            {
                at++;
                results = Join(results, Group(p, ref at, depth + 1, limit, ref problem), limit, ref problem);
            }
            else if (p[at] == '}' && !nested)
            {
                problem = $"The '}}' at position {at + 1} closes no brace.";
            }
            else if (nested && p[at] is (',' or '}'))
            {
                break;
            }
            else
            {
                var end = p.AsSpan(at).IndexOfAny(nested ? "{}," : "{}");
                var text = end < 0 ? p[at..] : p[at..(at + end)];
                at += text.Length;
                results = Join(results, [text], limit, ref problem);
            }
        }

        return results;
    }

    private static List<string> Group(string p, ref int at, int depth, int limit, ref string? problem)
    {
        var open = at;
        if (depth > MaxDepth)
        {
            problem = $"Braces are nested more than {MaxDepth} deep.";
            return [];
        }

        var close = p.AsSpan(at).IndexOfAny("{},");
        if (close >= 0 && p[at + close] == '}')
        {
            var body = p[at..(at + close)];
            at += close + 1;
            return Range(body, limit, ref problem) ?? [];
        }

        List<string> alternatives = [];
        while (problem is null)
        {
            var part = Sequence(p, ref at, nested: true, depth, limit, ref problem);
            if (problem is not null)
            {
                break;
            }

            if (alternatives.Count + part.Count > limit)
            {
                problem = TooMany(limit);
                break;
            }

            alternatives.AddRange(part);
            if (at >= p.Length)
            {
                problem = $"The '{{' at position {open} is never closed.";
            }
            else if (p[at++] == '}')
            {
                return alternatives;
            }
        }

        return [];
    }

    private static List<string>? Range(string body, int limit, ref string? problem)
    {
        var parts = body.Split("..");
        if (parts.Length is 2 or 3)
        {
            var step = 1L;
            if (parts.Length == 3 && (!TryInteger(parts[2], out step) || step == 0))
            {
                problem = $"'{{{body}}}' has a step that is not a whole number other than 0.";
                return null;
            }

            if (TryInteger(parts[0], out var first) && TryInteger(parts[1], out var last))
            {
                var padded = IsPadded(parts[0]) || IsPadded(parts[1]);
                var width = padded ? Math.Max(parts[0].Length, parts[1].Length) : 0;
                return Numbers(first, last, step, limit, n => Pad(n, width), ref problem);
            }

            if (parts[0].Length == 1 && parts[1].Length == 1 && char.IsAsciiLetter(parts[0][0]) && char.IsAsciiLetter(parts[1][0]))
            {
                return Numbers(parts[0][0], parts[1][0], step, limit, n => ((char)n).ToString(), ref problem);
            }
        }

        problem = $"'{{{body}}}' is neither a list such as {{a,b}} nor a range such as {{000..127}}.";
        return null;
    }

    private static List<string>? Numbers(long first, long last, long step, int limit, Func<long, string> text, ref string? problem)
    {
        step = Math.Abs(step);
        var span = Math.Abs(first - last) / step;
        if (span >= limit)
        {
            problem = TooMany(limit);
            return null;
        }

        List<string> numbers = new((int)span + 1);
        for (var i = 0L; i <= span; i++)
        {
            numbers.Add(text(first <= last ? first + (i * step) : first - (i * step)));
        }

        return numbers;
    }

    // Eighteen digits keep every difference inside 64 bits.
    private static bool TryInteger(string text, out long value)
    {
        value = 0;
        return text.Length is > 0 and <= 18 && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static bool IsPadded(string text)
    {
        var digits = text.TrimStart('-', '+');
        return digits.Length > 1 && digits[0] == '0';
    }

    private static string Pad(long n, int width)
    {
        var digits = Math.Abs(n).ToString(CultureInfo.InvariantCulture);
        return n < 0 ? "-" + digits.PadLeft(Math.Max(0, width - 1), '0') : digits.PadLeft(width, '0');
    }

    private static List<string> Join(List<string> heads, List<string> tails, int limit, ref string? problem)
    {
        if (problem is null && (long)heads.Count * tails.Count > limit)
        {
            problem = TooMany(limit);
        }

        if (problem is not null)
        {
            return [];
        }

        List<string> joined = new(heads.Count * tails.Count);
        foreach (var head in heads)
        {
            foreach (var tail in tails)
            {
                joined.Add(head + tail);
            }
        }

        return joined;
    }

    private static string TooMany(int limit) => $"The braces stand for more than {limit:N0} names.";
}
