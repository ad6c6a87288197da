using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Orchestrator.Api.Pages;

/// <summary>
/// Style sheet, scripts and icon of the pages, embedded in this assembly. Their addresses carry a digest, so a browser keeps
/// them for ever and asks again after an upgrade.
/// </summary>
internal static class PageAssets
{
    private const string Prefix = "assets/";

    private static readonly Dictionary<string, Asset> Known = Load();

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/assets/{name}", Send).AllowAnonymous().ExcludeFromDescription();

    /// <summary>Address of an asset.</summary>
    public static string Url(string name) => $"/{Prefix}{name}?v={Known[name].Digest}";

    private static Results<FileContentHttpResult, NotFound> Send(string name, HttpContext context, string? v = null)
    {
        if (!Known.TryGetValue(name, out var asset))
        {
            return TypedResults.NotFound();
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = v == asset.Digest ? "public, max-age=31536000, immutable" : "no-cache";
        return TypedResults.File(asset.Bytes, asset.Type);
    }

    private static Dictionary<string, Asset> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var assets = new Dictionary<string, Asset>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            assets[resource[Prefix.Length..]] = new(bytes, TypeOf(resource), Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]);
        }

        return assets;
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The asset '{name}' ends in '{other}', for which no media type is listed here."),
    };

    private sealed record Asset(byte[] Bytes, string Type, string Digest);
}
