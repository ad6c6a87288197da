using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary>Adds scores to the JSON of a sample without touching the rest: every byte that was there stays, in order; members are inserted before the closing brace.</summary>
/// <remarks>
/// A member is <c>"scores"</c>, or <c>"orchestrator_scores"</c>, <c>"orchestrator_scores_2"</c>, ... where a name is taken (a pool curated twice keeps both).
/// The value of scores is an object with one number per score in the order given; NaN becomes null, since JSON has no NaN. Single precision is
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
    public static Checked<byte[]> AddScores(ReadOnlySpan<byte> json, IReadOnlyList<KeyValuePair<string, float>> scores, string name) =>
        Add(json, [AddedMember.Scores(scores)], null, name);

    /// <summary>The JSON with members added, in the order given.</summary>
    /// <param name="json">A sample's <c>json</c> member; a byte order mark is kept.</param>
    /// <param name="added">Members; names as <see cref="SampleJson"/> says.</param>
    /// <param name="uid">
    /// Takes the place of the value of <c>uid</c> where the object has one that is a string; is added where it has none, since DataComp's
    /// resharder finds samples by it. Null does neither.
    /// </param>
    /// <param name="name">Member name for the fault.</param>
    /// <param name="replacesUid">False leaves a <c>uid</c> that is there.</param>
    public static Checked<byte[]> Add(ReadOnlySpan<byte> json, IReadOnlyList<AddedMember> added, string? uid, string name, bool replacesUid = true)
    {
        var mark = json.StartsWith(Bom) ? Bom.Length : 0;
        if (Scan(json[mark..], [.. added.Select(a => a.Name)], out var layout) is { } problem)
        {
            return new DataFault(name, null, $"The sample's JSON {problem}.", "Correct it in the pool, or leave the json member out.");
        }

        var body = json[mark..];
        using var result = new MemoryStream(json.Length + 256);
        result.Write(json[..mark]);
        if (uid is not null && replacesUid && layout.Uid.End.Value > 0)
        {
            result.Write(body[..layout.Uid.Start]);
            result.Write(JsonText.Line(writer => writer.WriteStringValue(uid)));
            result.Write(body[layout.Uid.End..layout.Insert]);
        }
        else
        {
            result.Write(body[..layout.Insert]);
        }

        for (var i = 0; i < added.Count; i++)
        {
            if (i > 0 || !layout.IsEmpty)
            {
                result.WriteByte((byte)',');
                result.Write(body[layout.Lead]);
            }

            var member = added[i];
            result.Write([(byte)'"', .. System.Text.Encoding.ASCII.GetBytes(layout.Names[i]), (byte)'"', (byte)':', (byte)' ']);
            result.Write(JsonText.Line(member.WriteValue));
        }

        if (uid is not null && !layout.HasUid)
        {
            if (added.Count > 0 || !layout.IsEmpty)
            {
                result.WriteByte((byte)',');
                result.Write(body[layout.Lead]);
            }

            result.Write("\"uid\": "u8);
            result.Write(JsonText.Line(writer => writer.WriteStringValue(uid)));
        }

        result.Write(body[layout.Insert..]);
        return result.ToArray();
    }

    /// <summary>Where to insert (after the last value, or after the brace of an empty object), what white space leads members, the free names, and where the value of uid stands, if there is one.</summary>
    private readonly record struct Layout(int Insert, Range Lead, bool IsEmpty, string[] Names, Range Uid, bool HasUid);

    private static string? Scan(ReadOnlySpan<byte> json, string[] names, out Layout layout)
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
            var (firstMember, insert, uid, isUid, hasUid) = (-1, afterBrace, default(Range), false, false);
            while (reader.Read())
            {
                if (isUid && reader.TokenType == JsonTokenType.String)
                {
                    uid = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                }

                isUid = false;
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
                {
                    firstMember = firstMember < 0 ? (int)reader.TokenStartIndex : firstMember;
                    var property = reader.GetString()!;
                    isUid = property == "uid";
                    hasUid |= isUid;
                    if (names.Any(n => property.Contains(n, StringComparison.Ordinal)))
                    {
                        taken.Add(property);
                    }
                }

                if (reader.CurrentDepth > 0)
                {
                    insert = (int)reader.BytesConsumed;
                }
            }

            layout = new Layout(insert, firstMember < 0 ? ..0 : afterBrace..firstMember, firstMember < 0, Array.ConvertAll(names, n => FreeName(n, taken)), uid, hasUid);
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with a lone surrogate escape, which no text can hold.
            return $"does not parse ({e.Message})";
        }
    }

    private static string FreeName(string wanted, HashSet<string> taken)
    {
        var name = taken.Contains(wanted) ? $"orchestrator_{wanted}" : wanted;
        for (var i = 2; taken.Contains(name); i++)
        {
            name = $"orchestrator_{wanted}_{i}";
        }

        return name;
    }
}

/// <summary>A member that is added to a sample's JSON.</summary>
/// <param name="Name">Wanted name, ASCII letters and underscores.</param>
/// <param name="WriteValue">Writes the value.</param>
public sealed record AddedMember(string Name, Action<Utf8JsonWriter> WriteValue)
{
    /// <summary>The scores as an object, one number each.</summary>
    public static AddedMember Scores(IReadOnlyList<KeyValuePair<string, float>> scores) => new("scores", writer =>
    {
        writer.WriteStartObject();
        foreach (var (key, score) in scores)
        {
            writer.WritePropertyName(key);
            Write(writer, score);
        }

        writer.WriteEndObject();
    });

    /// <summary>Writes a score; null where it is no number.</summary>
    public static void Write(Utf8JsonWriter writer, float score)
    {
        if (float.IsFinite(score))
        {
            writer.WriteNumberValue(score);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
