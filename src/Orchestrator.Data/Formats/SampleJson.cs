using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary>Adds scores to the JSON of a sample without touching the rest: every byte that was there stays, in order; one member is inserted before the closing brace.</summary>
/// <remarks>
/// The member is <c>"scores"</c>, or <c>"orchestrator_scores"</c>, <c>"orchestrator_scores_2"</c>, ... where a name is taken (a pool curated twice keeps both).
/// Its value is an object with one number per score in the order given; NaN becomes null, since JSON has no NaN. Single precision is
/// written with the fewest digits that read back to the same value. White space between <c>{</c> and the first member is repeated before the new one, so indented files stay indented.
/// </remarks>
public static class SampleJson
{
    // Far deeper than any metadata; a bound because the input is untrusted.
    private const int MaxDepth = 256;

    private static readonly byte[] Bom = [0xef, 0xbb, 0xbf];

    /// <summary>The JSON with scores added. Text that is not one JSON object is a fault: no new JSON is made up.</summary>
    /// <param name="json">A sample's <c>json</c> member; a byte order mark is kept.</param>
    /// <param name="scores">Names and values.</param>
    /// <param name="name">Member name for the fault.</param>
    public static Checked<byte[]> AddScores(ReadOnlySpan<byte> json, IReadOnlyList<KeyValuePair<string, float>> scores, string name)
    {
        var mark = json.StartsWith(Bom) ? Bom.Length : 0;
        if (Scan(json[mark..], out var layout) is { } problem)
        {
            return new DataFault(name, null, $"The sample's JSON {problem}.", "Correct it in the pool, or leave the json member out.");
        }

        var value = JsonText.Line(writer =>
        {
            writer.WriteStartObject();
            foreach (var (key, score) in scores)
            {
                if (float.IsFinite(score))
                {
                    writer.WriteNumber(key, score);
                }
                else
                {
                    writer.WriteNull(key);
                }
            }

            writer.WriteEndObject();
        });

        var body = json[mark..];
        return (byte[])
        [
            .. json[..mark],
            .. body[..layout.Insert],
            .. layout.IsEmpty ? [] : (ReadOnlySpan<byte>)[(byte)',', .. body[layout.Lead]],
            (byte)'"', .. layout.Member, (byte)'"', (byte)':', (byte)' ',
            .. value,
            .. body[layout.Insert..],
        ];
    }

    /// <summary>Where to insert (after the last value, or after the brace of an empty object), what white space leads members, and the free name.</summary>
    private readonly record struct Layout(int Insert, Range Lead, bool IsEmpty, byte[] Member);

    private static string? Scan(ReadOnlySpan<byte> json, out Layout layout)
    {
        layout = default;
        // The reader checks text only where it is asked for; what is copied unread must be text as well.
        if (!System.Text.Unicode.Utf8.IsValid(json))
        {
            return "is not UTF-8";
        }

        var taken = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "is not an object";
            }

            var afterBrace = (int)reader.BytesConsumed;
            var (firstMember, insert) = (-1, afterBrace);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
                {
                    firstMember = firstMember < 0 ? (int)reader.TokenStartIndex : firstMember;
                    if (reader.GetString() is { } property && property.Contains("scores", StringComparison.Ordinal))
                    {
                        taken.Add(property);
                    }
                }

                if (reader.CurrentDepth > 0)
                {
                    insert = (int)reader.BytesConsumed;
                }
            }

            layout = new Layout(insert, firstMember < 0 ? ..0 : afterBrace..firstMember, firstMember < 0, FreeName(taken));
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with a lone surrogate escape, which no text can hold.
            return $"does not parse ({e.Message})";
        }
    }

    private static byte[] FreeName(HashSet<string> taken)
    {
        var name = taken.Contains("scores") ? "orchestrator_scores" : "scores";
        for (var i = 2; taken.Contains(name); i++)
        {
            name = $"orchestrator_scores_{i}";
        }

        return System.Text.Encoding.ASCII.GetBytes(name);
    }
}
