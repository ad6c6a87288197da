using System.Text.Json.Nodes;

namespace Orchestrator.Api.Tests.Testing;

/// <summary>Documents for tests.</summary>
internal static class Docs
{
    private static int counter;

    /// <summary>A name that no other test of this run uses.</summary>
    public static string Unique(string prefix) => $"{prefix}-{Interlocked.Increment(ref counter)}";

    /// <summary>A valid document over <paramref name="shards"/> files that are made below the server's base directory.</summary>
    public static JsonObject Curation(ApiServer server, int shards = 2, string? name = null, string model = "clip-test")
    {
        name ??= Unique("job");
        var pool = Directory.CreateDirectory(Path.Combine(server.Base, name));
        for (var i = 0; i < shards; i++)
        {
            File.WriteAllBytes(Path.Combine(pool.FullName, $"{i:D4}.tar"), new byte[1024]);
        }

        return new JsonObject
        {
            ["kind"] = "curation",
            ["name"] = name,
            ["input"] = new JsonObject { ["shards"] = new JsonArray($"{name}/{{0000..{shards - 1:D4}}}.tar") },
            ["stages"] = new JsonArray(
                new JsonObject { ["type"] = "basic-filter", ["minWords"] = 3 },
                new JsonObject { ["type"] = "clip-score", ["model"] = model, ["as"] = "clip" }),
            ["select"] = new JsonObject { ["by"] = "clip", ["topFraction"] = 0.5 },
            ["output"] = new JsonObject { ["path"] = $"out/{name}" },
        };
    }
}
