using Microsoft.AspNetCore.Mvc;
using Orchestrator.Api.Auth;

namespace Orchestrator.Api.Pages;

/// <summary><c>/sign-in</c> and <c>/sign-out</c>.</summary>
internal static class SignInEndpoints
{
    private const string Start = "/jobs";

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/sign-in", Show).AllowAnonymous();
        pages.MapPost("/sign-in", SignInAsync).AllowAnonymous();
        pages.MapPost("/sign-out", SignOut).AllowAnonymous();
    }

    /// <summary>Sends a caller without a valid key to the sign-in page; says why where that page could not help.</summary>
    public static Task ChallengeAsync(HttpContext context, string? failure)
    {
        if (context.RequestServices.GetRequiredService<KeyRing>().IsEmpty)
        {
            return new PageResult<SignInPage>(new { Message = failure, Closed = true }, StatusCodes.Status401Unauthorized).ExecuteAsync(context);
        }

        var wanted = HttpMethods.IsGet(context.Request.Method) ? $"{context.Request.Path}{context.Request.QueryString}" : Start;
        return SeeOther($"/sign-in?return={Uri.EscapeDataString(wanted)}").ExecuteAsync(context);
    }

    /// <summary>A redirect after a form: the browser asks with GET, and loading again does not post again.</summary>
    public static IResult SeeOther(string path) => new SeeOtherResult(path);

    private static IResult Show(KeyRing ring, HttpContext context, [FromQuery(Name = "return")] string? returnTo = null) =>
        ring.IsEmpty || context.User.Identity?.IsAuthenticated == true
            ? SeeOther(Local(returnTo))
            : new PageResult<SignInPage>(new { ReturnTo = Local(returnTo) });

    private static async Task<IResult> SignInAsync(HttpContext context, KeyRing ring)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var key = form["key"].ToString().Trim();
        var returnTo = form["return"].ToString();
        if (key is not { Length: > 0 } || ring.Find(key) is null)
        {
            return new PageResult<SignInPage>(
                new { Message = "The key is not known. Check that it was copied whole.", ReturnTo = Local(returnTo) }, StatusCodes.Status401Unauthorized);
        }

        KeyCookie.Write(context, key);
        return SeeOther(Local(returnTo));
    }

    private static IResult SignOut(HttpContext context)
    {
        KeyCookie.Clear(context);
        return SeeOther("/sign-in");
    }

    // "//host" and "/\host" lead elsewhere.
    private static string Local(string? path) =>
        path is ['/', ..] && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\') && !path.Any(char.IsControl) ? path : Start;

    private sealed class SeeOtherResult(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            PageHeaders.Set(context.Response);
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            context.Response.Headers.Location = path;
            return Task.CompletedTask;
        }
    }
}
