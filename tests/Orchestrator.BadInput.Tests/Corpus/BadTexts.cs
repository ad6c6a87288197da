using System.Text;
using static Orchestrator.BadInput.Tests.Corpus.BadSample;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>Captions and JSON members that are too long, not text, not an object, or only strange.</summary>
internal static class BadTexts
{
    private const string NotUtf8 = "quarantined:caption-not-utf8";
    private const string TooLong = "quarantined:caption-too-long";
    private const string Short = "rejected:basic-filter.minWords";
    private const string BadJson = "quarantined:json-invalid";

    public static IEnumerable<BadSample> All => [.. Captions, .. Jsons];

    private static IEnumerable<BadSample> Captions =>
    [
        new("no-caption", "an image alone", [("png", Picture)], "quarantined:caption-missing"),
        Text("caption-1-mb", "a caption of 1 MB", Bytes(string.Concat(Enumerable.Repeat("many words ", 95_326))), TooLong),
        Text("caption-one-too-many", "a caption of 65,537 bytes", Bytes(new string('a', 65_533) + " b c"), TooLong),
        Text("caption-longest", "a caption of 65,536 bytes", Bytes(new string('a', 65_532) + " b c"), Kept),
        Text("caption-continuation", "a continuation byte alone", [.. Caption, 0x80], NotUtf8),
        Text("caption-overlong", "an overlong NUL", [.. Caption, 0xC0, 0x80], NotUtf8),
        Text("caption-surrogate", "an encoded surrogate", [.. Caption, 0xED, 0xA0, 0x80], NotUtf8),
        Text("caption-cut", "a character cut in the middle", [.. Caption, 0xE2, 0x82], NotUtf8),
        Text("caption-beyond", "a code point above U+10FFFF", [.. Caption, 0xF5, 0x80, 0x80, 0x80], NotUtf8),
        Text("caption-latin1", "Latin-1", Encoding.Latin1.GetBytes("a café on the corner"), NotUtf8),
        Text("caption-utf16", "UTF-16 with its mark", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("a fine grey square")], NotUtf8),
        Text("caption-empty", "no bytes", [], Short),
        Text("caption-white-space", "spaces, tabs, newlines and U+3000", Bytes(" \t\r\n\u3000 "), Short),
        Text("caption-one-word", "60,000 letters without a space", Bytes(new string('x', 60_000)), Short),
        Text("caption-nul", "NUL between words", Bytes("a fine\0grey square"), Kept),
        Text("caption-controls", "every control character between words", Bytes("a fine " + string.Concat(Enumerable.Range(1, 31).Select(i => (char)i)) + " grey square"), Kept),
        Text("caption-mark", "a byte order mark in front", [0xEF, 0xBB, 0xBF, .. Caption], Kept),
        Text("caption-bidi", "bidirectional controls", Bytes("a \u202efine\u202c \u2066grey\u2069 square"), Kept),
        Text("caption-invisible", "zero-width characters", Bytes("a \u200b\u200c\u200d\u2060 fine grey\ufeff square"), Kept),
        Text("caption-combining", "a letter with 5,000 accents", Bytes("a fine grey squar" + "e" + new string('\u0301', 5000)), Kept),
        Text("caption-emoji", "emoji with joiners", Bytes("a family 👨‍👩‍👧‍👦 on a square"), Kept),
        Text("caption-html", "markup", Bytes("<script>alert(1)</script> a grey square"), Kept),
        Text("caption-nan", "a model that gives NaN for it", Bytes("a caption with nan inside"), "quarantined:score-not-finite"),
    ];

    private static IEnumerable<BadSample> Jsons =>
    [
        .. new[] { "[1]", "1", "\"text\"", "null", "true" }.Select((json, i) => Json($"json-not-an-object-{i}", $"JSON {json}", Bytes(json), BadJson)),
        Json("json-empty", "no bytes", [], BadJson),
        Json("json-cut", "an object cut in the middle", "{\"a\": "u8.ToArray(), BadJson),
        Json("json-two", "two objects", "{}{}"u8.ToArray(), BadJson),
        Json("json-trailing-comma", "a trailing comma", "{\"a\":1,}"u8.ToArray(), BadJson),
        Json("json-comment", "a comment", "{/*x*/}"u8.ToArray(), BadJson),
        Json("json-single-quotes", "Python's repr", "{'a': None}"u8.ToArray(), BadJson),
        Json("json-nan", "NaN as Python writes it", "{\"a\": NaN}"u8.ToArray(), BadJson),
        Json("json-deep", "100,000 brackets", Bytes("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}"), BadJson),
        Json("json-deep-257", "257 deep", Bytes("{\"a\":" + new string('[', 256) + new string(']', 256) + "}"), BadJson),
        Json("json-deep-256", "256 deep", Bytes("{\"a\":" + new string('[', 255) + new string(']', 255) + "}"), Kept),
        Json("json-not-utf8", "bytes that are not UTF-8", [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8], BadJson),
        Json("json-name-surrogate", "half a surrogate pair as a name", "{\"\\ud800\": 1}"u8.ToArray(), BadJson),
        Json("json-value-surrogate", "half a surrogate pair as a value", "{\"a\": \"\\ud800\"}"u8.ToArray(), Kept),
        Json("json-uid-surrogate", "half a surrogate pair as the uid", "{\"uid\": \"\\ud800\"}"u8.ToArray(), Kept),
        Json("json-huge-numbers", "numbers that no type holds", Bytes("{\"a\": 1e999, \"b\": -" + new string('9', 5000) + ", \"c\": 1e-999}"), Kept),
        Json("json-duplicate-keys", "one name twice", "{\"uid\": \"a\", \"uid\": \"b\"}"u8.ToArray(), Kept),
        Json("json-scores-taken", "members named scores", "{\"scores\": 1, \"orchestrator_scores\": 2}"u8.ToArray(), Kept),
        Json("json-mark", "a byte order mark in front", [0xEF, 0xBB, 0xBF, .. "{\"a\": 1}"u8], Kept),
        Json("json-sizes-wrong", "sizes of the wrong type and range", "{\"original_width\": \"240\", \"original_height\": -1e300, \"uid\": 7}"u8.ToArray(), Kept),
        Json("json-large", "an object of 3 MB", Bytes("{\"a\": \"" + new string('x', 3_000_000) + "\"}"), Kept),
        Json("json-many", "100,000 members", Bytes("{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"m{i}\":{i}")) + "}"), Kept),
    ];

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
