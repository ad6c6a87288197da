using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary><c>{shard}_stats.json</c> of one output shard, in img2dataset's fields. DataComp's resharder reads <c>successes</c> and skips shards without it.</summary>
/// <remarks>img2dataset's times are left out: the same job must write the same bytes.</remarks>
public static class StatsJson
{
    /// <summary>The file's bytes.</summary>
    /// <param name="samples">Samples in the shard, all of them successes.</param>
    public static byte[] Write(long samples) => JsonText.Document(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("count", samples);
        json.WriteNumber("successes", samples);
        json.WriteNumber("failed_to_download", 0);
        json.WriteNumber("failed_to_resize", 0);
        json.WriteStartObject("status_dict");
        if (samples > 0)
        {
            json.WriteNumber("success", samples);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>The <c>successes</c> of an input shard's file, or a fault.</summary>
    public static Checked<long> ReadSuccesses(ReadOnlySpan<byte> content, string name)
    {
        try
        {
            var reader = new Utf8JsonReader(content);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.GetProperty("successes").GetInt64();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return new DataFault(name, null, $"The file has no whole number 'successes' ({e.Message}).", "Write the file as img2dataset does, or remove it.");
        }
    }
}
