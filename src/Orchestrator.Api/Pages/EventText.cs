using System.Globalization;
using System.Text.Json;
using Orchestrator.Api.Jobs;

namespace Orchestrator.Api.Pages;

/// <summary>An event as a sentence. Plain text: what it quotes may come from hostile files.</summary>
internal static class EventText
{
    public static string Of(EventView e)
    {
        var data = e.Data;
        return e.Type switch
        {
            "job.state" => $"Job {Words(Text(data, "state"))}{After(": ", Text(data, "error"))}",
            "phase.started" => $"Phase {Text(data, "phase")} started{After(", ", Counted(data, "shards", "shard"))}",
            "phase.finished" => $"Phase {Text(data, "phase")} finished: {Number(data, "committed")} of {Counted(data, "total", "shard")} committed{Lost(data)}",
            "shard.failed" or "shard.quarantined" or "shard.requeued" =>
                $"Shard {Text(data, "phase")}-{Text(data, "shard")} {e.Type["shard.".Length..]}, attempt {Text(data, "attempt")}{Reason(e, data)}{After(": ", Text(data, "error"))}",
            "shard.omitted" => $"{Counted(data, "count", "more shard event")} in phase {Text(data, "phase")}",
            _ => $"{e.Type} {data.GetRawText()}",
        };
    }

    // "failed, attempt 1, failed" says nothing more than "failed, attempt 1".
    private static string Reason(EventView e, JsonElement data) =>
        e.Type.EndsWith($".{Text(data, "reason")}", StringComparison.Ordinal) ? "" : After(", ", Text(data, "reason"));

    private static string Lost(JsonElement data)
    {
        var lost = Value(data, "failed") + Value(data, "quarantined");
        return lost == 0 ? "" : $", {Format.Count(lost)} lost";
    }

    private static string Words(string state) => state.Replace('-', ' ');

    private static string After(string separator, string text) => text.Length == 0 ? "" : separator + text;

    private static string Number(JsonElement data, string name) => Format.Count(Value(data, name));

    private static string Counted(JsonElement data, string name, string noun) => data.TryGetProperty(name, out _)
        ? $"{Number(data, name)} {noun}{(Value(data, name) == 1 ? "" : "s")}"
        : "";

    private static long Value(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static string Text(JsonElement data, string name) => !data.TryGetProperty(name, out var value) ? ""
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
