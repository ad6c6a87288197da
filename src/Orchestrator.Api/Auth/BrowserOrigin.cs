namespace Orchestrator.Api.Auth;

/// <summary>Who made a browser send a request. Programs that are no browser send neither header and are never foreign.</summary>
internal static class BrowserOrigin
{
    /// <summary>
    /// True where a page of another site, or one without an origin such as a sandboxed frame, made the request. Browsers send
    /// <c>Sec-Fetch-Site</c> only to addresses that they trust, so <c>Origin</c> is the second witness.
    /// </summary>
    public static bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is not ("same-origin" or "none");
        }

        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(Authority(request), StringComparison.OrdinalIgnoreCase));
    }

    // Uri leaves the usual port out, a Host header may name it.
    private static string Authority(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var own) ? own.Authority : "";
}
