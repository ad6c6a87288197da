using System.Text.Json;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>Vectors beside the tests; each folder has the script that made them.</summary>
internal static class VectorFile
{
    public static JsonElement Read(params string[] path)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine([AppContext.BaseDirectory, .. path])));
        return document.RootElement.Clone();
    }

    public static T[] Values<T>(this JsonElement element, string name) => element.GetProperty(name).Deserialize<T[]>()!;
}
