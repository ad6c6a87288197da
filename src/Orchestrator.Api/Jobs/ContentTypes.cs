using Microsoft.AspNetCore.StaticFiles;

namespace Orchestrator.Api.Jobs;

/// <summary>Media types of output files.</summary>
internal static class ContentTypes
{
    private static readonly FileExtensionContentTypeProvider Known = new(new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        [".tar"] = "application/x-tar",
        [".parquet"] = "application/vnd.apache.parquet",
        [".json"] = "application/json",
        [".jsonl"] = "application/x-ndjson",
        [".html"] = "text/html; charset=utf-8",
        [".csv"] = "text/csv; charset=utf-8",
        [".txt"] = "text/plain; charset=utf-8",
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".svg"] = "image/svg+xml",
    });

    public static string Of(string path) => Known.TryGetContentType(path, out var type) ? type : "application/octet-stream";
}
