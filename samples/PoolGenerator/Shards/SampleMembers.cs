using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Samples.PoolGenerator.Shards;

/// <summary>The tar members of a pool sample: the image, <c>json</c> and <c>txt</c>, extensions in sorted order.</summary>
internal static class SampleMembers
{
    // img2dataset writes its metadata with an indent of four.
    private static readonly JsonWriterOptions Indented = new() { Indented = true, IndentSize = 4, NewLine = "\n" };

    public static void Write(TarShardWriter tar, PoolSample sample)
    {
        var members = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [sample.Extension] = sample.Image,
            ["json"] = Metadata(sample),
        };
        if (sample.Caption is not null)
        {
            members["txt"] = Encoding.UTF8.GetBytes(sample.Caption);
        }

        foreach (var (extension, content) in members)
        {
            tar.Add($"{sample.Key}.{extension}", content);
        }
    }

    private static byte[] Metadata(PoolSample sample)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteString("uid", sample.Uid);
            json.WriteString("key", sample.Key);
            json.WriteNumber("width", sample.Width);
            json.WriteNumber("height", sample.Height);
            json.WriteNumber("original_width", sample.Width);
            json.WriteNumber("original_height", sample.Height);
            json.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(sample.Image)));
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
