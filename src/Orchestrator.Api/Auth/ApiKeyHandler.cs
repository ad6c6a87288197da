using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Orchestrator.Api.Http;

namespace Orchestrator.Api.Auth;

/// <summary>
/// Reads the key from <c>Authorization: Bearer KEY</c> or <c>X-Api-Key: KEY</c>. Browsers, which can send neither by
/// themselves, may look (GET and HEAD only) with <c>Authorization: Basic</c>, the key as password, any user name.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, KeyRing ring)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "X-Api-Key";
    public const string TenantClaim = "tenant";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (ring.IsEmpty)
        {
            return Task.FromResult(IsLocalName(Request.Host.Host)
                ? Admit(new KeyHolder("local", null, Roles.Ordered.ToHashSet(StringComparer.Ordinal)))
                : AuthenticateResult.Fail("Without Auth:Keys the server answers only to localhost, 127.0.0.1 and [::1]."));
        }

        if (Presented() is not { } key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(ring.Find(key) is { } holder ? Admit(holder) : AuthenticateResult.Fail("The key is not known."));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.Append(HeaderNames.WWWAuthenticate, "Bearer realm=\"Orchestrator\"");
        Response.Headers.Append(HeaderNames.WWWAuthenticate, "Basic realm=\"Orchestrator: any name, the key as password\"");
        await Problems.Unauthorized(
            result.Failure?.Message ?? "Send a key as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Forbidden($"The key '{Context.User.Identity?.Name}' has not the role that this needs.").ExecuteAsync(Context);

    private AuthenticateResult Admit(KeyHolder holder)
    {
        var identity = new ClaimsIdentity(SchemeName);
        identity.AddClaim(new Claim(ClaimTypes.Name, holder.Name));
        identity.AddClaims(holder.Roles.Select(role => new Claim(ClaimTypes.Role, role)));
        if (holder.Tenant is { } tenant)
        {
            identity.AddClaim(new Claim(TenantClaim, tenant));
        }

        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    private string? Presented()
    {
        if (Request.Headers.TryGetValue(HeaderName, out var header) && header is [{ Length: > 0 } direct])
        {
            return direct;
        }

        var authorization = Request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return authorization["Bearer ".Length..].Trim();
        }

        // A browser repeats Basic credentials by itself, also for requests that another site makes it send: so only to look.
        return authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            && (HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method))
            ? Password(authorization["Basic ".Length..].Trim())
            : null;
    }

    private static string? Password(string encoded)
    {
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64String(encoded, bytes, out var count))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, count);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }

    // A page of another site whose name was made to point at 127.0.0.1 still sends that site's name.
    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
