using System.Globalization;
using System.Text.Json;
using Orchestrator.Api.Submission;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary>A shard.</summary>
/// <param name="Id"><c>{phase}-{index}</c>, for example <c>score-3</c>.</param>
/// <param name="Input">Input shard as the document names it; null outside the first phase.</param>
public sealed record ShardView(
    string Id,
    string Phase,
    int Index,
    ShardState State,
    int Attempt,
    string? Worker,
    int Failures,
    int WorkerDeaths,
    string? Input,
    JsonElement Payload,
    string? Error,
    IReadOnlyDictionary<string, long>? Tally,
    DateTimeOffset? ReadyAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The row as users see it.</summary>
    public static ShardView Of(ShardRecord shard)
    {
        var payload = JsonElement.Parse(shard.Payload);
        return new(
            ShardIds.Of(shard.Key), shard.Key.Phase, shard.Key.Index, shard.State, shard.Attempt, shard.OwnerWorker, shard.Failures, shard.WorkerDeaths,
            InputShardPayload.NameOf(payload), payload, shard.Error, shard.Tally, shard.ReadyAt, shard.UpdatedAt);
    }
}

/// <summary>One attempt of a shard. <paramref name="Outcome"/> is null while it runs, else committed, failed, lost, released or cancelled.</summary>
public sealed record AttemptView(
    int Attempt, string Worker, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Outcome, string? Error, string? Digest)
{
    /// <summary>The row as users see it.</summary>
    public static AttemptView Of(AttemptRecord a) => new(a.Attempt, a.Worker, a.StartedAt, a.EndedAt, a.Outcome, a.Error, a.Digest);
}

/// <summary>Shard ids of the API: <c>{phase}-{index}</c>.</summary>
public static class ShardIds
{
    /// <summary>The id.</summary>
    public static string Of(ShardKey key) => string.Create(CultureInfo.InvariantCulture, $"{key.Phase}-{key.Index}");

    /// <summary>Reads an id; false where it is none.</summary>
    public static bool TryParse(JobId job, string text, out ShardKey key)
    {
        var dash = text.LastIndexOf('-');
        if (dash > 0 && int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            key = new ShardKey(job, text[..dash], index);
            return true;
        }

        key = default;
        return false;
    }
}
