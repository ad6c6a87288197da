using System.Text.Json;

namespace Orchestrator.Simulation;

/// <summary>A job whose shards only take time: <c>kind: simulated</c>.</summary>
/// <param name="Name">Name for people.</param>
/// <param name="Shards">Shards, 1 to 1,000,000.</param>
/// <param name="Milliseconds">Time that each takes, at least 0.</param>
/// <param name="Poison">Shards that kill the process that works on them, until the file <c>healed</c> is in its fault folder.</param>
/// <param name="MaxFailedShards">The job fails where more shards than this do; null for no limit.</param>
internal sealed record SimulatedDocument(string Name, int Shards, int Milliseconds, int[]? Poison = null, int? MaxFailedShards = null)
{
    public const string Kind = "simulated";

    /// <summary>The only phase.</summary>
    public const string Phase = "work";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public static SimulatedDocument Parse(string json) => JsonSerializer.Deserialize<SimulatedDocument>(json, Options)!;

    public static SimulatedDocument Parse(JsonElement json) => json.Deserialize<SimulatedDocument>(Options)!;

    public string ToJson() => JsonSerializer.Serialize(this, Options);
}
