using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Http;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Api.Workers;

/// <summary><c>GET /workers</c> and <c>POST /workers/{id}/cordon|uncordon|drain</c>.</summary>
internal static class WorkerEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/workers", ListAsync)
            .WithName("ListWorkers").WithTags("Workers").RequireAuthorization(Roles.Reader)
            .WithSummary("Workers seen within the last minutes.");
        MapMode(api, "cordon", WorkerMode.Cordoned, "Gives the worker no new shards; it stays connected.");
        MapMode(api, "uncordon", WorkerMode.Active, "Gives the worker shards again.");
        MapMode(api, "drain", WorkerMode.Draining, "Gives the worker no new shards and tells it to finish and leave.");
    }

    private static void MapMode(RouteGroupBuilder api, string verb, WorkerMode mode, string summary) =>
        api.MapPost($"/workers/{{id}}/{verb}", (string id, WorkerDirectory workers) => SetModeAsync(id, mode, workers))
            .WithName($"{char.ToUpperInvariant(verb[0])}{verb[1..]}Worker").WithTags("Workers").RequireAuthorization(Roles.Operator)
            .WithSummary(summary).ProducesProblem(404);

    private static async Task<Ok<IReadOnlyList<WorkerInfo>>> ListAsync(WorkerDirectory workers) =>
        TypedResults.Ok<IReadOnlyList<WorkerInfo>>([.. (await workers.ListAsync()).Select(WorkerInfo.Of)]);

    /// <summary>Sets the mode; the one way for both the API and the pages.</summary>
    public static async Task<Results<Ok<WorkerInfo>, ProblemHttpResult>> SetModeAsync(string id, WorkerMode mode, WorkerDirectory workers) =>
        await workers.SetModeAsync(id, mode) is { } worker
            ? TypedResults.Ok(WorkerInfo.Of(worker))
            : Problems.NotFound("There is no such worker.", $"No worker '{id}' was seen within the last minutes; GET /api/v1/workers lists them.");
}
