namespace Orchestrator.Api.Http;

/// <summary>
/// Headers of every answer that sets none of its own: nothing here is a page, is to be framed, guessed at or kept by a cache.
/// Pages and artifacts say what they need (<see cref="Pages.PageHeaders"/>, <see cref="Jobs.ResultEndpoints"/>); the API's
/// reference and Orleans' dashboard run scripts of their own and keep only to their own origin.
/// </summary>
internal static class SecurityHeaders
{
    private const string Data = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private const string Application =
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        + "font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            Set((HttpContext)state);
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    private static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        Default(headers, "Content-Security-Policy", IsApplication(context.Request.Path) ? Application : Data);
        Default(headers, "X-Frame-Options", headers.ContentSecurityPolicy.ToString().Contains("frame-ancestors 'self'", StringComparison.Ordinal) ? "SAMEORIGIN" : "DENY");
        Default(headers, "Referrer-Policy", "no-referrer");
        Default(headers, "Cross-Origin-Resource-Policy", "same-origin");
        Default(headers, "Cache-Control", "no-store");
    }

    private static void Default(IHeaderDictionary headers, string name, string value)
    {
        if (!headers.ContainsKey(name))
        {
            headers[name] = value;
        }
    }

    private static bool IsApplication(PathString path) =>
        path.StartsWithSegments("/docs", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/dashboard", StringComparison.OrdinalIgnoreCase);
}
