using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Submission;

namespace Orchestrator.Api.Jobs;

/// <summary><c>GET /tenants</c>.</summary>
internal static class TenantEndpoints
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/tenants", ListAsync)
            .WithName("ListTenants").WithTags("Tenants").RequireAuthorization(Roles.Reader)
            .WithSummary("What tenants have queued and running, what they used, and their quotas; a tenant's key sees its own.");

    private static async Task<Ok<IReadOnlyList<TenantView>>> ListAsync(ClaimsPrincipal user, TenantQuotas quotas, CancellationToken cancellationToken) =>
        TypedResults.Ok(await quotas.ListAsync(Caller.TenantOf(user), cancellationToken));
}
