using System.Text;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>A body that is no document at all.</summary>
/// <param name="Status">What <c>POST /jobs/plan</c> answers.</param>
internal sealed record BadBody(string Name, string How, byte[] Bytes, int Status)
{
    public override string ToString() => Name;
}

/// <summary>Bodies of requests, and files of the command line, that do not parse.</summary>
internal static class BadBodies
{
    public static IEnumerable<BadBody> All =>
    [
        new("empty", "no bytes", [], 400),
        new("brace", "an open brace", "{"u8.ToArray(), 400),
        new("word", "a word", "curation"u8.ToArray(), 400),
        new("nan", "NaN as a value", "{\"kind\": NaN}"u8.ToArray(), 400),
        new("trailing-comma", "a trailing comma", "{\"kind\": \"curation\",}"u8.ToArray(), 400),
        new("comment", "a comment", "{\"kind\": \"curation\" /* x */}"u8.ToArray(), 400),
        new("two-documents", "two documents", "{}{}"u8.ToArray(), 400),
        new("yaml", "YAML, which only the command line reads", "kind: curation\nname: x\n"u8.ToArray(), 400),
        new("duplicate-fields", "a field twice", "{\"kind\": \"curation\", \"kind\": \"curation\"}"u8.ToArray(), 400),
        new("deep-arrays", "10,000 brackets", Encoding.UTF8.GetBytes(new string('[', 10_000)), 400),
        new("deep-objects", "a select of 10,000 levels", Encoding.UTF8.GetBytes("{\"select\":" + string.Concat(Enumerable.Repeat("{\"all\":[", 10_000))), 400),
        new("lone-surrogate", "half a surrogate pair", "{\"name\": \"\\ud800\"}"u8.ToArray(), 400),
        new("not-utf8", "bytes that are not UTF-8", [.. "{\"name\": \""u8, 0xFF, .. "\"}"u8], 400),
        new("utf16", "UTF-16", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")], 400),
        new("nul-bytes", "1,000 NUL bytes", new byte[1000], 400),
        new("mark-and-nothing", "a byte order mark alone", [0xEF, 0xBB, 0xBF], 400),
        new("random", "1,000 seeded random bytes", Random(1000), 400),
        new("too-large", "20 MB of white space", Encoding.ASCII.GetBytes(new string(' ', 20_000_000)), 413),
        new("huge-number", "a number of a million digits", Encoding.ASCII.GetBytes("{\"kind\": \"curation\", \"seed\": " + new string('9', 1_000_000) + "}"), 422),
        new("many-mistakes", "100,000 input shards that are numbers", Encoding.ASCII.GetBytes("{\"kind\": \"curation\", \"input\": {\"shards\": [" + string.Join(',', Enumerable.Repeat("7", 100_000)) + "]}}"), 422),
        new("many-unknown-fields", "20,000 unknown fields", Encoding.ASCII.GetBytes("{\"kind\": \"curation\", " + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"f{i}\": 1")) + "}"), 422),
        new("unknown-kind", "a kind that is none", "{\"kind\": \"training\"}"u8.ToArray(), 422),
        new("selection-from-nowhere", "a selection of scores that are not there", "{\"kind\": \"selection\", \"name\": \"s\", \"from\": \"nowhere\", \"select\": {\"by\": \"clip\", \"min\": 0}, \"output\": {\"path\": \"o\"}}"u8.ToArray(), 422),
        new("selection-from-outside", "a selection of scores outside the roots", "{\"kind\": \"selection\", \"name\": \"s\", \"from\": \"/etc\", \"select\": {\"by\": \"clip\", \"min\": 0}, \"output\": {\"path\": \"o\"}}"u8.ToArray(), 422),
    ];

    /// <summary>YAML that the command line must refuse, and what its message says.</summary>
    public static IEnumerable<(string Name, string Text, string Says)> Yaml =>
    [
        ("alias", "a: &x [1]\nb: *x\n", "aliases are not allowed"),
        ("cyclic-alias", "a: &x\n  b: *x\n", "aliases are not allowed"),
        ("billion-laughs", "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(',', Enumerable.Repeat($"*{(char)('a' + i - 1)}", 9))}]\n")), "aliases are not allowed"),
        ("merge-key", "base: &b {x: 1}\nc:\n  <<: *b\n", "aliases are not allowed"),
        ("tag", "a: !!python/object:os.system [ls]\n", "tags are not allowed"),
        ("deep-flow", "a: " + new string('[', 50_000), "64 deep"),
        ("deep-block", string.Concat(Enumerable.Range(0, 200).Select(i => new string(' ', i) + "a:\n")), "64 deep"),
        ("tab", "kind: curation\n\tname: x\n", "line 1, column 7"),
        ("open-quote", "kind: \"curation\n", "line"),
        ("duplicate-fields", "kind: curation\nkind: curation\n", "line 2"),
        ("two-documents", "kind: curation\n---\nkind: curation\n", "a document is an object"),
        ("list", "- kind: curation\n", "a document is an object"),
        ("scalar", "curation\n", "a document is an object"),
        ("empty", "", "a document is an object"),
        ("only-comment", "# nothing\n", "a document is an object"),
        ("nul", "kind: cura\0tion\n", "line"),
        ("complex-key", "? [a, b]\n: c\n", "a field's name must be text"),
        ("json-cut", "{\"kind\": \"curation\"", "job.yaml"),
    ];

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        new System.Random(5).NextBytes(bytes);
        return bytes;
    }
}
