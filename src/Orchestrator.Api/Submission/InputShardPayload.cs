using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Data.Storage;

namespace Orchestrator.Api.Submission;

/// <summary>Payload of a <c>score</c> shard: <c>{"path": absolute, "name": as written}</c>.</summary>
internal static class InputShardPayload
{
    public static string ToJson(ShardFile shard) =>
        new JsonObject { ["path"] = shard.Path, ["name"] = shard.Name }.ToJsonString();

    /// <summary>The name of an input shard, or null for a payload of another phase.</summary>
    public static string? NameOf(JsonElement payload) =>
        payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()
            : null;
}
