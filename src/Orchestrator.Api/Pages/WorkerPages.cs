using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Workers;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Api.Pages;

/// <summary><c>/workers</c> and the commands of its buttons.</summary>
internal static class WorkerPages
{
    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/workers", ShowAsync).RequireAuthorization(Roles.Reader);
        foreach (var (verb, mode) in (ReadOnlySpan<(string, WorkerMode)>)[("cordon", WorkerMode.Cordoned), ("uncordon", WorkerMode.Active), ("drain", WorkerMode.Draining)])
        {
            // The id is a field: a name with a slash would not survive in a path.
            pages.MapPost($"/workers/{verb}", (HttpContext context, WorkerDirectory workers) => SetModeAsync(context, mode, workers)).RequireAuthorization(Roles.Operator);
        }
    }

    private static async Task<IResult> ShowAsync(WorkerDirectory workers, TimeProvider time)
    {
        var listed = await workers.ListAsync();
        return new PageResult<WorkersPage>(new
        {
            Workers = (IReadOnlyList<WorkerInfo>)[.. listed.Select(WorkerInfo.Of)],
            Models = ModelEndpoints.Of(listed),
            Now = time.GetUtcNow(),
        });
    }

    private static async Task<IResult> SetModeAsync(HttpContext context, WorkerMode mode, WorkerDirectory workers)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var set = await WorkerEndpoints.SetModeAsync(form["worker"].ToString(), mode, workers);
        return set.Result is ProblemHttpResult problem ? MessagePage.Of(problem) : SignInEndpoints.SeeOther("/workers");
    }
}
