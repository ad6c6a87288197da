using System.Security.Claims;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Auth;

/// <summary>What the caller's key restricts.</summary>
internal static class Caller
{
    /// <summary>The only tenant the caller may see; null for all.</summary>
    public static string? TenantOf(ClaimsPrincipal user) => user.FindFirstValue(ApiKeyHandler.TenantClaim);

    /// <summary>False for a job of another tenant: to the caller it does not exist.</summary>
    public static bool MaySee(ClaimsPrincipal user, JobRecord job) => MaySee(user, job.Tenant);

    /// <summary>False for what belongs to another tenant: to the caller it does not exist.</summary>
    public static bool MaySee(ClaimsPrincipal user, string owner) => TenantOf(user) is not { } tenant || tenant == owner;
}
