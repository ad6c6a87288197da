using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Orchestrator.Api.Http;
using Orchestrator.Api.Pages;

namespace Orchestrator.Api.Auth;

/// <summary>
/// Reads the key from <c>Authorization: Bearer KEY</c> or <c>X-Api-Key: KEY</c>. Browsers, which can send neither by
/// themselves, may look (GET and HEAD only) with <c>Authorization: Basic</c>, the key as password, any user name, or with the
/// cookie of the sign-in page; the cookie may also act, but only through forms that carry the page's own token.
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
            return Task.FromResult(
                !IsLocalName(Request.Host.Host) ? AuthenticateResult.Fail("Without Auth:Keys the server answers only to localhost, 127.0.0.1 and [::1].")
                : !IsSafe && BrowserOrigin.IsForeign(Request) ? AuthenticateResult.Fail("Without Auth:Keys a page of another site may not act here.")
                : Admit(new KeyHolder("local", null, Roles.Ordered.ToHashSet(StringComparer.Ordinal))));
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
        if (Context.GetEndpoint()?.Metadata.GetMetadata<PageMetadata>() is not null)
        {
            await SignInEndpoints.ChallengeAsync(Context, result.Failure?.Message);
            return;
        }

        Response.Headers.Append(HeaderNames.WWWAuthenticate, "Bearer realm=\"Orchestrator\"");
        Response.Headers.Append(HeaderNames.WWWAuthenticate, "Basic realm=\"Orchestrator: any name, the key as password\"");
        await Problems.Unauthorized(
            result.Failure?.Message ?? "Send a key as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var problem = Problems.Forbidden($"The key '{Context.User.Identity?.Name}' has not the role that this needs.");
        return Context.GetEndpoint()?.Metadata.GetMetadata<PageMetadata>() is null
            ? problem.ExecuteAsync(Context)
            : MessagePage.Of(problem).ExecuteAsync(Context);
    }

    private bool IsSafe => HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method);

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
        if (authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return IsSafe ? Password(authorization["Basic ".Length..].Trim()) : null;
        }

        var mayActByCookie = Context.GetEndpoint()?.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true };
        return IsSafe || (mayActByCookie && !BrowserOrigin.IsForeign(Request)) ? KeyCookie.Read(Request) : null;
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
