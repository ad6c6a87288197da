using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Data.Storage;

namespace Orchestrator.Api.Submission;

/// <summary>Payload of a <c>score</c> shard: <c>{"path": absolute, "name": as written}</c>, and of an object its <c>version</c>.</summary>
internal static class InputShardPayload
{
    public static string ToJson(ShardFile shard)
    {
        var json = new JsonObject { ["path"] = shard.Path, ["name"] = shard.Name };
        if (shard.Found?.Version is { } version)
        {
            json["version"] = version;
        }

        return json.ToJsonString();
    }

    /// <summary>The name of an input shard, or null for a payload of another phase.</summary>
    public static string? NameOf(JsonElement payload) =>
        payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()
            : null;
}
