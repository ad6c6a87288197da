using System.Text.Json.Nodes;
using Orchestrator.Data.Scores;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>A good document with one field changed, and the field that the answer must name.</summary>
/// <param name="Field">JSON path of the field changed, as <c>stages[1].model</c>.</param>
/// <param name="Value">JSON of the new value; <c>-</c> removes the field. NAME, BASE and OUTSIDE stand for the pool's folder, the server's folder and one beside it.</param>
/// <param name="Error">Path that the error names, without <c>$.</c>; null for the changed field.</param>
internal sealed record BadDocument(string Field, string Value, string? Error = null)
{
    public string ErrorPath => (Error ?? Field) is { Length: > 0 } path ? $"$.{path}" : "$";

    public override string ToString() => $"{Field}={(Value.Length > 60 ? Value[..60] : Value)}";
}

/// <summary>Documents with one mistake each.</summary>
internal static class BadDocuments
{
    private static readonly string Long = $"\"{new string('x', 5000)}\"";

    public static IEnumerable<BadDocument> All => [.. Heads, .. Inputs, .. Stages, .. Filters, .. Scores, .. Dedups, .. Selects, .. Outputs];

    private static IEnumerable<BadDocument> Heads =>
    [
        new("", "[]"), new("", "null"), new("", "7"), new("", "\"kind: curation\""),
        new("kind", "-"), new("kind", "\"curations\""), new("kind", "1"), new("kind", "[\"curation\"]"),
        new("name", "-"), new("name", "\"\""), new("name", "5"), new("name", "{}"), new("name", "\"two words\""), new("name", "\"../x\""), new("name", "\"-x\""), new("name", $"\"{new string('n', 65)}\""), new("name", "\"<b>\""),
        new("tenant", "5"), new("tenant", "\"a b\""),
        new("priority", "0"), new("priority", "6"), new("priority", "2.5"), new("priority", "\"3\""), new("priority", "1e400"),
        new("seed", "1.5"), new("seed", "\"1\""), new("seed", "1e30"), new("seed", "[]"),
        new("colour", "1"), new("Stages", "[]"), new("apiKey", "\"x\""),
        new("limits", "3"), new("limits", "{\"maxFailedShards\": -1}", "limits.maxFailedShards"), new("limits", "{\"maxFailedShards\": \"all\"}", "limits.maxFailedShards"), new("limits", "{\"maxFailedShard\": 1}", "limits.maxFailedShard"),
    ];

    private static IEnumerable<BadDocument> Inputs =>
    [
        new("input", "-"), new("input", "[]"), new("input", "\"pool/*.tar\""), new("input", "{}", "input.shards"), new("input.format", "\"tfrecord\""), new("input.format", "7"), new("input.shard", "[]"),
        new("input.shards", "-"), new("input.shards", "\"NAME/0000.tar\""), new("input.shards", "[]"), new("input.shards", "{}"),
        new("input.shards", "[7]", "input.shards[0]"), new("input.shards", "[null]", "input.shards[0]"), new("input.shards", "[\"\"]", "input.shards[0]"), new("input.shards", $"[{Long}]", "input.shards[0]"),
        new("input.shards", "[\"NAME/0000.tar\", [\"NAME/0001.tar\"]]", "input.shards[1]"),
        new("input.shards", "[\"nowhere/0000.tar\"]", "input.shards[0]"), new("input.shards", "[\"NAME/*.zip\"]", "input.shards[0]"), new("input.shards", "[\"NAME/{0000..0009}.tar\"]", "input.shards[0]"),
        new("input.shards", "[\"NAME/{0000..\"]", "input.shards[0]"), new("input.shards", "[\"NAME/{0..999999999999}.tar\"]", "input.shards[0]"), new("input.shards", "[\"NAME/{a,b}{c,d}{0..99999999}.tar\"]", "input.shards[0]"),
        new("input.shards", "[\"../outside.tar\"]", "input.shards[0]"), new("input.shards", "[\"/etc/passwd\"]", "input.shards[0]"), new("input.shards", "[\"OUTSIDE/x.tar\"]", "input.shards[0]"), new("input.shards", "[\"NAME/../../x.tar\"]", "input.shards[0]"),
        new("input.shards", "[\"NAME\\u0000.tar\"]", "input.shards[0]"), new("input.shards", "[\"s3://nowhere/x.tar\"]", "input.shards[0]"), new("input.shards", "[\"http://localhost/x.tar\"]", "input.shards[0]"),
        new("input.shards", "[\"NAME/0000.tar\", \"NAME/0000.tar\"]", "input.shards[1]"), new("input.shards", "[\"NAME/0000.tar\", \"NAME/./0000.tar\"]", "input.shards[1]"), new("input.shards", "[\"NAME\"]", "input.shards[0]"),
    ];

    private static IEnumerable<BadDocument> Stages =>
    [
        new("stages", "-"), new("stages", "{}"), new("stages", "[]", "stages"), new("stages", "[1]", "stages[0]"), new("stages", "[null]", "stages[0]"), new("stages", "[[]]", "stages[0]"), new("stages", "[{}]", "stages[0].type"),
        new("stages", "[{\"type\": \"clip-scores\"}]", "stages[0].type"), new("stages", "[{\"type\": 7}]", "stages[0].type"), new("stages", "[{\"type\": \"CLIP-SCORE\"}]", "stages[0].type"),
        new("stages", $"[{string.Join(',', Enumerable.Range(0, 65).Select(i => $"{{\"type\":\"clip-score\",\"model\":\"clip-test\",\"as\":\"c{i}\"}}"))}]", "stages"),
        new("stages[2]", "{\"type\": \"clip-score\", \"model\": \"clip-test\", \"as\": \"clip\"}", "stages[2].as"), new("stages[2]", "{\"type\": \"basic-filter\"}", "stages[2].as"),
    ];

    private static IEnumerable<BadDocument> Filters =>
    [
        new("stages[0].minWords", "-1"), new("stages[0].minWords", "\"3\""), new("stages[0].minWords", "1.5"), new("stages[0].minWords", "1e12"), new("stages[0].minChars", "-1"), new("stages[0].minChars", "[]"),
        new("stages[0].minSide", "-1"), new("stages[0].minSide", "true"), new("stages[0].maxAspect", "0"), new("stages[0].maxAspect", "\"NaN\""), new("stages[0].maxAspect", "1e400"), new("stages[0].maxAspect", "-3"),
        new("stages[0].language", "5"), new("stages[0].language", "\"en\"", "stages[0].languageModel"), new("stages[0].minWord", "3"), new("stages[0].size", "\"both\""),
    ];

    private static IEnumerable<BadDocument> Scores =>
    [
        new("stages[1].model", "-"), new("stages[1].model", "7"), new("stages[1].model", "\"\""), new("stages[1].model", "\"../clip\""), new("stages[1].model", "\"a/b\""),
        new("stages[1].as", "\"\""), new("stages[1].as", "7"), new("stages[1].as", "\"a b\""), new("stages[1].as", $"\"{new string('s', 65)}\""), new("stages[1].batchSize", "0"), new("stages[1].batchSize", "4097"), new("stages[1].batchSize", "1.5"), new("stages[1].batchSize", "\"32\""),
        new("stages[1].keepEmbeddings", "\"yes\""), new("stages[1].keepEmbeddings", "1"), new("stages[1].threshold", "0.3"),
        .. ScoreColumn.Fixed.Select(column => new BadDocument("stages[1].as", $"\"{column}\"")), new("stages[1].as", "\"Text\""),
    ];

    private static IEnumerable<BadDocument> Dedups =>
    [
        new("stages[2]", "{\"type\": \"dedup\", \"method\": \"md5\"}", "stages[2].method"), new("stages[2]", "{\"type\": \"dedup\", \"method\": \"phash\", \"radius\": 17}", "stages[2].radius"), new("stages[2]", "{\"type\": \"dedup\", \"method\": \"phash\", \"radius\": -1}", "stages[2].radius"),
        new("stages[2]", "{\"type\": \"dedup\", \"radius\": 3}", "stages[2].radius"), new("stages[2]", "{\"type\": \"dedup\", \"method\": \"embedding\"}", "stages[2].from"), new("stages[2]", "{\"type\": \"dedup\", \"method\": \"embedding\", \"from\": \"nothing\"}", "stages[2].from"),
        new("stages[2]", "{\"type\": \"dedup\", \"method\": \"embedding\", \"from\": \"clip\", \"epsilon\": 3}", "stages[2].epsilon"), new("stages[2]", "{\"type\": \"dedup\", \"method\": \"embedding\", \"from\": \"clip\", \"clusters\": 0}", "stages[2].clusters"),
        new("stages[2]", "{\"type\": \"dedup\", \"keepBy\": \"clap\"}", "stages[2].keepBy"), new("stages[2]", "{\"type\": \"dedup\", \"against\": [7]}", "stages[2].against[0]"), new("stages[2]", "{\"type\": \"dedup\", \"against\": [\"nowhere\"]}", "stages[2].against[0]"), new("stages[2]", "{\"type\": \"dedup\", \"against\": [\"OUTSIDE\"]}", "stages[2].against[0]"),
        new("stages[2]", "{\"type\": \"balance\"}", "stages[2].entries"), new("stages[2]", "{\"type\": \"balance\", \"entries\": \"nowhere.txt\"}", "stages[2].entries"), new("stages[2]", "{\"type\": \"balance\", \"entries\": \"/etc/passwd\"}", "stages[2].entries"),
    ];

    private static IEnumerable<BadDocument> Selects =>
    [
        new("select", "7"), new("select", "[]"), new("select", "\"clip\""), new("select", "{}", "select.min"), new("select", "{\"all\": []}", "select.all"), new("select", "{\"all\": {}}", "select.all"), new("select", "{\"all\": [7]}", "select.all[0]"), new("select", "{\"all\": [null]}", "select.all[0]"),
        new("select", "{\"all\": [{\"by\": \"clip\", \"min\": 0}], \"any\": [{\"by\": \"clip\", \"min\": 0}]}", "select.any"), new("select", "{\"any\": [{\"by\": \"clap\", \"min\": 0}]}", "select.any[0].by"), new("select", "{\"all\": [{\"by\": \"clip\", \"min\": 0}], \"by\": \"clip\"}", "select.by"),
        new("select", $"{{\"all\": [{string.Join(',', Enumerable.Repeat("{\"by\": \"clip\", \"min\": 0}", 65))}]}}", "select.all"),
        new("select", string.Concat(Enumerable.Repeat("{\"all\":[", 12)) + "{\"by\":\"clip\",\"min\":0}" + string.Concat(Enumerable.Repeat("]}", 12)), "select" + string.Concat(Enumerable.Repeat(".all[0]", 9))),
        new("select.by", "-"), new("select.by", "7"), new("select.by", "\"clap\""), new("select.by", "\"basic-filter.words\""),
        new("select.topFraction", "1.5"), new("select.topFraction", "0"), new("select.topFraction", "-0.1"), new("select.topFraction", "\"0.5\""), new("select.topFraction", "\"NaN\""), new("select.topFraction", "1e400"), new("select.topFraction", "[0.5]"), new("select.topFraction", "-", "select.min"),
        new("select.min", "0.1", "select.topFraction"), new("select.topCount", "5"), new("select.max", "1"), new("select.base", "\"all\""), new("select.dataComp", "\"yes\""),
        new("select", "{\"by\": \"clip\", \"min\": 1e31}", "select.min"), new("select", "{\"by\": \"clip\", \"min\": \"0\"}", "select.min"), new("select", "{\"by\": \"clip\", \"topCount\": 0}", "select.topCount"), new("select", "{\"by\": \"clip\", \"topCount\": 1.5}", "select.topCount"), new("select", "{\"by\": \"clip\", \"topCount\": 1e30}", "select.topCount"),
        new("select", "{\"by\": \"clip\", \"min\": 0, \"base\": \"pool\"}", "select.base"), new("select", "{\"by\": \"clip\", \"topCount\": 1, \"dataComp\": true}", "select.dataComp"), new("select", "{\"by\": \"clip\", \"topFraction\": 0.5, \"base\": \"pool\", \"dataComp\": true}", "select.base"),
    ];

    private static IEnumerable<BadDocument> Outputs =>
    [
        new("output", "-"), new("output", "[]"), new("output", "\"out\""), new("output", "{}", "output.path"), new("output.path", "7"), new("output.path", "\"\""), new("output.path", Long), new("output.path", "\"../outside\""), new("output.path", "\"/etc\""), new("output.path", "\"OUTSIDE/out\""),
        new("output.path", "\"NAME\""), new("output.path", "\"NAME/0000.tar\""), new("output.path", "\"NAME/0000.tar/below\""), new("output.path", "\"s3://nowhere/out\""), new("output.path", "\"x\\u0000y\""),
        new("output.samplesPerShard", "0"), new("output.samplesPerShard", "1000001"), new("output.samplesPerShard", "\"1000\""), new("output.samplesPerShard", "0.5"), new("output.overwrite", "true"),
    ];

    /// <summary>The document with the change made.</summary>
    public static JsonNode? Apply(JsonObject document, BadDocument bad, string name, string outside)
    {
        var value = bad.Value == "-" ? null : JsonNode.Parse(bad.Value.Replace("NAME", name, StringComparison.Ordinal).Replace("OUTSIDE", outside, StringComparison.Ordinal));
        if (bad.Field.Length == 0)
        {
            return value;
        }

        var steps = bad.Field.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries);
        JsonNode at = document;
        foreach (var step in steps[..^1])
        {
            at = step[0] == '[' ? at[int.Parse(step[1..^1], System.Globalization.CultureInfo.InvariantCulture)]! : at[step]!;
        }

        var last = steps[^1];
        if (at is JsonArray list)
        {
            var index = int.Parse(last[1..^1], System.Globalization.CultureInfo.InvariantCulture);
            if (index == list.Count)
            {
                list.Add(value);
            }
            else
            {
                list[index] = value;
            }
        }
        else if (bad.Value == "-")
        {
            at.AsObject().Remove(last);
        }
        else
        {
            at[last] = value;
        }

        return document;
    }
}
