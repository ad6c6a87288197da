using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Orchestrator.Api.Auth;

/// <summary>
/// The key of a signed-in browser, in a cookie that scripts cannot read and that no other site's request carries. It lasts as
/// long as the browser runs.
/// </summary>
internal static class KeyCookie
{
    public const string Name = "orchestrator-key";

    private const int MaxLength = 4096;

    /// <summary>The key, or null where there is none or it is not one that <see cref="Write"/> wrote.</summary>
    public static string? Read(HttpRequest request)
    {
        if (!request.Cookies.TryGetValue(Name, out var value) || value is not { Length: > 0 and <= MaxLength })
        {
            return null;
        }

        try
        {
            // A key may hold any character; a cookie's value may not.
            return Encoding.UTF8.GetString(WebEncoders.Base64UrlDecode(value));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static void Write(HttpContext context, string key) =>
        context.Response.Cookies.Append(Name, WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(key)), Options(context));

    public static void Clear(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context));

    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = "/",
        IsEssential = true,
    };
}
