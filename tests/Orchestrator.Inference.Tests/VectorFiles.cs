using System.IO.Compression;
using System.Text.Json;

namespace Orchestrator.Inference.Tests;

/// <summary>Finds the golden vectors beside the test assembly.</summary>
internal static class VectorFiles
{
    public static string Path(params string[] parts) => System.IO.Path.Combine([AppContext.BaseDirectory, "Vectors", .. parts]);

    public static byte[] Bytes(params string[] parts) => File.ReadAllBytes(Path(parts));

    public static JsonElement Json(params string[] parts)
    {
        using var document = JsonDocument.Parse(Bytes(parts));
        return document.RootElement.Clone();
    }

    public static byte[] Gunzip(string base64)
    {
        using var zip = new GZipStream(new MemoryStream(Convert.FromBase64String(base64)), CompressionMode.Decompress);
        var bytes = new MemoryStream();
        zip.CopyTo(bytes);
        return bytes.ToArray();
    }
}
