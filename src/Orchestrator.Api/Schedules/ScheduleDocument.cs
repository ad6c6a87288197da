using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Curation;

namespace Orchestrator.Api.Schedules;

/// <summary>A schedule's document at one tick. <c>{tick}</c> in <c>output.path</c> becomes the tick's time, so that each run has a folder of its own.</summary>
internal static class ScheduleDocument
{
    public const string Placeholder = "{tick}";

    /// <summary>A tick as it stands in paths and keys: <c>20260301T033000Z</c>.</summary>
    public static string TextOf(DateTimeOffset tick) => tick.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The document that is submitted at a tick.</summary>
    public static JsonDocument At(string document, DateTimeOffset tick)
    {
        var node = JsonNode.Parse(document)!;
        if (PathOf(node) is { } path)
        {
            node["output"]!["path"] = path.Replace(Placeholder, TextOf(tick), StringComparison.Ordinal);
        }

        return JsonDocument.Parse(node.ToJsonString());
    }

    /// <summary>True for a document whose second run would write where its first has written.</summary>
    public static bool WritesToOnePlace(string document)
    {
        var node = JsonNode.Parse(document)!;
        var path = PathOf(node);
        return path is null
            ? node["kind"] is JsonValue kind && kind.TryGetValue<string>(out var text) && text is CurationDocument.Kind or SelectionDocument.Kind
            : !path.Contains(Placeholder, StringComparison.Ordinal);
    }

    private static string? PathOf(JsonNode node) =>
        node is JsonObject root && root["output"] is JsonObject output && output["path"] is JsonValue value && value.TryGetValue<string>(out var path) ? path : null;
}
