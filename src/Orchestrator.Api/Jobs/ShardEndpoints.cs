using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Jobs;

/// <summary><c>GET /jobs/{id}/shards</c> and <c>GET /jobs/{id}/shards/{shard}/attempts</c>.</summary>
internal static class ShardEndpoints
{
    private const int MaxLimit = 1000;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/jobs/{id}/shards", ListAsync)
            .WithName("ListShards").WithTags("Shards").RequireAuthorization(Roles.Reader)
            .WithSummary("Shards of a phase by index; the current phase where none is named.").ProducesProblem(400).ProducesProblem(404);
        api.MapGet("/jobs/{id}/shards/map", MapAsync)
            .WithName("GetShardMap").WithTags("Shards").RequireAuthorization(Roles.Reader)
            .WithSummary("State of every shard of a phase, run-length encoded; the current phase where none is named.").ProducesProblem(404);
        api.MapGet("/jobs/{id}/shards/{shard}/attempts", AttemptsAsync)
            .WithName("ListAttempts").WithTags("Shards").RequireAuthorization(Roles.Reader)
            .WithSummary("Every attempt of a shard, oldest first. Shard ids look like score-3.").ProducesProblem(404);
    }

    private static async Task<Results<Ok<Page<ShardView>>, ProblemHttpResult>> ListAsync(
        string id, ClaimsPrincipal user, JobReader jobs, IJobStore store, CancellationToken cancellationToken,
        string? phase = null, string? state = null, string? cursor = null, int limit = 100)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        ShardState? wanted = null;
        if (state is not null)
        {
            if (!WireNames.TryParse<ShardState>(state, out var parsed))
            {
                return Problems.Malformed($"state '{state}' is not one of: {string.Join(", ", WireNames.All<ShardState>())}.");
            }

            wanted = parsed;
        }

        var from = 0;
        if (cursor is not null && !int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            return Problems.Malformed($"cursor '{cursor}' is unknown: use nextCursor of the page before, or leave it out to start again.");
        }

        if (limit is < 1 or > MaxLimit)
        {
            return Problems.Malformed($"limit is {limit}; give 1 to {MaxLimit}.");
        }

        var shards = await store.ListShardsAsync(job.Id, phase ?? job.Phase, wanted, from, limit + 1, cancellationToken);
        var next = shards.Count > limit ? shards[limit].Key.Index.ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(new Page<ShardView>([.. shards.Take(limit).Select(ShardView.Of)], next));
    }

    private static async Task<Results<Ok<ShardMap>, ProblemHttpResult>> MapAsync(
        string id, ClaimsPrincipal user, JobReader jobs, IJobStore store, CancellationToken cancellationToken, string? phase = null)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        var wanted = phase ?? job.Phase;
        return TypedResults.Ok(ShardMap.Of(wanted, await store.LoadLedgerAsync(job.Id, wanted, cancellationToken)));
    }

    private static async Task<Results<Ok<IReadOnlyList<AttemptView>>, ProblemHttpResult>> AttemptsAsync(
        string id, string shard, ClaimsPrincipal user, JobReader jobs, IJobStore store, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, user, cancellationToken) is not { } job)
        {
            return Problems.UnknownJob(id);
        }

        if (!ShardIds.TryParse(job.Id, shard, out var key)
            || (await store.ListShardsAsync(job.Id, key.Phase, null, key.Index, 1, cancellationToken)) is not [var found]
            || found.Key.Index != key.Index)
        {
            return Problems.NotFound("There is no such shard.", $"Job {job.Id} has no shard '{shard}'; shard ids look like score-3.");
        }

        var attempts = await store.ListAttemptsAsync(key, cancellationToken);
        return TypedResults.Ok<IReadOnlyList<AttemptView>>([.. attempts.Select(AttemptView.Of)]);
    }
}
