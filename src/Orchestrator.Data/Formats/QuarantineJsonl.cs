using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary>One thing set aside: a sample, or the rest of a damaged shard.</summary>
/// <param name="Shard">Input shard, as the document names it.</param>
/// <param name="Key">Sample key; null for a shard.</param>
/// <param name="Ordinal">Sample ordinal in its shard; null for a shard.</param>
/// <param name="Stage">Where it was found: <c>read</c>, or a stage's name.</param>
/// <param name="Error">Kind of error, kebab-case, e.g. <c>unsafe-name</c>; counts are kept by it.</param>
/// <param name="Message">A sentence for a person.</param>
public sealed record QuarantineRecord(string Shard, string? Key, long? Ordinal, string Stage, string Error, string Message);

/// <summary><c>quarantine.jsonl</c>: one line a record, in input order.</summary>
public static class QuarantineJsonl
{
    /// <summary>Longest message kept, in characters; a 1 MB caption must not become a 1 MB line.</summary>
    public const int MaxMessage = 1000;

    /// <summary>Appends one line.</summary>
    public static void Write(Stream output, QuarantineRecord record)
    {
        output.Write(JsonText.Line(json =>
        {
            json.WriteStartObject();
            json.WriteString("shard", record.Shard);
            json.WriteString("key", record.Key);
            if (record.Ordinal is { } ordinal)
            {
                json.WriteNumber("ordinal", ordinal);
            }
            else
            {
                json.WriteNull("ordinal");
            }

            json.WriteString("stage", record.Stage);
            json.WriteString("error", record.Error);
            json.WriteString("message", record.Message.Length <= MaxMessage ? record.Message : record.Message[..MaxMessage] + "...");
            json.WriteEndObject();
        }));
        output.WriteByte((byte)'\n');
    }

    /// <summary>Kebab-case name of an enum value, e.g. <c>UnsafeName</c> as <c>unsafe-name</c>: the error of a record.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>Reads records lazily; a line that does not parse throws <see cref="InvalidDataException"/> with its number.</summary>
    public static IEnumerable<QuarantineRecord> Read(Stream input, string name)
    {
        using var reader = new StreamReader(input, leaveOpen: true);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            QuarantineRecord record;
            try
            {
                using var document = JsonDocument.Parse(line);
                var root = document.RootElement;
                record = new QuarantineRecord(
                    root.GetProperty("shard").GetString()!,
                    root.GetProperty("key").GetString(),
                    root.GetProperty("ordinal") is { ValueKind: JsonValueKind.Number } ordinal ? ordinal.GetInt64() : null,
                    root.GetProperty("stage").GetString()!,
                    root.GetProperty("error").GetString()!,
                    root.GetProperty("message").GetString()!);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new InvalidDataException($"{name}:{number}: the line is not a quarantine record ({e.Message}).", e);
            }

            yield return record;
        }
    }
}
