using System.Text.Json;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Formats;

/// <summary><c>sizes.json</c>: samples per shard, <c>{"00000000.tar": 1000}</c>; read by open_clip and DataComp's resharder.</summary>
public static class SizesJson
{
    /// <summary>The file's bytes, shards in name order.</summary>
    public static byte[] Write(IEnumerable<KeyValuePair<string, long>> samplesByShard) => JsonText.Document(json =>
    {
        json.WriteStartObject();
        foreach (var (shard, samples) in samplesByShard.OrderBy(s => s.Key, KeyOrder.Instance))
        {
            json.WriteNumber(shard, samples);
        }

        json.WriteEndObject();
    });

    /// <summary>Reads a file; anything but an object of whole numbers is a fault.</summary>
    public static Checked<IReadOnlyDictionary<string, long>> Read(ReadOnlySpan<byte> content, string name)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(content);
            using var document = JsonDocument.ParseValue(ref reader);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                sizes[member.Name] = member.Value.GetInt64();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new DataFault(name, null, $"The file is not an object of sample counts ({e.Message}).", "Write it as {\"00000000.tar\": 1000}, or remove it.");
        }

        return sizes;
    }
}
