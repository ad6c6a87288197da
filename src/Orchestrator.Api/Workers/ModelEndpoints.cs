using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Api.Workers;

/// <summary><c>GET /models</c>.</summary>
internal static class ModelEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/models", ListAsync)
            .WithName("ListModels").WithTags("Workers").RequireAuthorization(Roles.Reader)
            .WithSummary("Models that connected workers have, by name.");

    /// <summary>Models by name, each with the workers that announce it.</summary>
    public static IReadOnlyList<ModelView> Of(IEnumerable<WorkerView> workers) =>
    [
        .. workers
            .SelectMany(w => (w.Capabilities?.Models ?? []).Select(m => (Worker: w.Id, Model: m)))
            .GroupBy(p => p.Model)
            .OrderBy(g => g.Key.Name, StringComparer.Ordinal).ThenBy(g => g.Key.Digest, StringComparer.Ordinal)
            .Select(g => new ModelView(g.Key.Name, g.Key.Kind, g.Key.Digest, g.Key.Problem, [.. g.Select(p => p.Worker)])),
    ];

    private static async Task<Ok<IReadOnlyList<ModelView>>> ListAsync(WorkerDirectory workers) =>
        TypedResults.Ok(Of(await workers.ListAsync()));
}
