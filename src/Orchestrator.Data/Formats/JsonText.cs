using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orchestrator.Data.Formats;

/// <summary>How this program writes JSON files: UTF-8, LF, no escapes beyond JSON's own, members in the order given.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Indented = Compact with { Indented = true, NewLine = "\n" };

    /// <summary>One line without a line end.</summary>
    public static byte[] Line(Action<Utf8JsonWriter> write) => Bytes(write, Compact);

    /// <summary>Indented by two blanks, with a closing line end.</summary>
    public static byte[] Document(Action<Utf8JsonWriter> write) => [.. Bytes(write, Indented), (byte)'\n'];

    private static byte[] Bytes(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options))
        {
            write(writer);
        }

        return buffer.ToArray();
    }
}
