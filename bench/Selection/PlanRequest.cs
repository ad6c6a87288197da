using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Cli.Hosting;

namespace Orchestrator.Bench.Selection;

/// <summary>
/// <c>POST /jobs/plan</c> of a selection over the pool, as a user waits for it: a real server whose only worker has no model at
/// all.
/// </summary>
internal static class PlanRequest
{
    private const int Times = 5;

    /// <returns>What was measured.</returns>
    public static async Task<string> Measure(SyntheticPool pool)
    {
        var folder = Path.GetDirectoryName(pool.Parts[0])!;
        Directory.CreateDirectory(Path.Combine(folder, "pool"));
        for (var part = 0; part < pool.Parts.Count; part++)
        {
            // Planning looks whether the scored shards are still there, not into them.
            await File.WriteAllBytesAsync(Path.Combine(folder, "pool", string.Create(CultureInfo.InvariantCulture, $"{part:D8}.tar")), new byte[1024]);
        }

        await using var app = EmbeddedServer.Build(
            new Dictionary<string, string?>
            {
                ["Urls"] = "http://127.0.0.1:0", ["Storage:BaseDirectory"] = folder, ["Store:Path"] = "bench.db", ["Models:Roots:0"] = Path.Combine(folder, "no-models"),
            },
            quiet: true);
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = EmbeddedServer.AddressOf(app) };
        var (seconds, processor) = (new List<double>(), new List<double>());
        var answer = default(JsonElement);
        for (var i = 0; i < Times; i++)
        {
            using var body = new StringContent(
                """{ "kind": "selection", "name": "bench", "from": ".", "select": { "all": [ { "by": "clip", "topFraction": 0.3 }, { "by": "clip", "min": 0.4 } ] }, "output": { "path": "out" } }""",
                Encoding.UTF8,
                "application/json");
            var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            using var response = await http.PostAsync("api/v1/jobs/plan", body);
            answer = JsonElement.Parse(await response.Content.ReadAsStringAsync());
            seconds.Add(watch.Elapsed.TotalSeconds);
            processor.Add((Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            response.EnsureSuccessStatusCode();
        }

        await app.StopAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"POST /jobs/plan, {Times} times: first {seconds[0]:F2} s ({processor[0]:F2} s of processor), then {seconds.Skip(1).Min():F2} to {seconds.Skip(1).Max():F2} s ({processor.Skip(1).Min():F2} to {processor.Skip(1).Max():F2} s); keeps {answer.GetProperty("selection").GetProperty("kept").GetInt64():N0}; the only worker has no model");
    }
}
