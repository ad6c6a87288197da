using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using Orchestrator.Cluster.Tests;

namespace Orchestrator.Bench.ControlPlane;

/// <summary>
/// Real processes on PostgreSQL: one Api and the slots of 24 workers of 8, in four processes, with shards that only take 20 ms.
/// Says how many are committed a second and whether any process grows while they are.
/// </summary>
internal static class Fleet
{
    private const int Processes = 4;
    private const int SlotsOfEach = 24 * 8 / Processes;
    private const int WarmUp = 50_000;

    public static async Task RunAsync(string connectionString, int shards)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort()}");
        var settings = new Dictionary<string, string>
        {
            ["Cluster:Provider"] = "postgres",
            ["Cluster:ClusterId"] = $"fleet-{Guid.NewGuid():n}",
            ["Cluster:ProbeTimeout"] = "00:00:05",
            ["ConnectionStrings:orchestrator"] = connectionString,
            ["Limits:MaxShards"] = "1000000",
            ["Logging:LogLevel:Default"] = "Warning",
        };
        List<ServerProcess> processes = [ServerProcess.Launch("Orchestrator.Simulation", settings.Append(new("Urls", url.ToString())), arguments: ["api"])];
        try
        {
            await processes[0].Listening;
            for (var i = 0; i < Processes; i++)
            {
                processes.Add(ServerProcess.Launch(
                    "Orchestrator.Simulation",
                    settings.Append(new("Worker:Slots", SlotsOfEach.ToString(CultureInfo.InvariantCulture))).Append(new("Worker:Id", $"fleet-{i}"))
                        .Append(new("Worker:HttpUrl", "http://127.0.0.1:0")),
                    arguments: ["worker"]));
            }

            await Task.WhenAll(processes.Select(process => process.Listening));
            await MeasureAsync(url, connectionString, shards, processes);
        }
        finally
        {
            foreach (var process in processes)
            {
                await process.DisposeAsync();
            }
        }
    }

    private static async Task MeasureAsync(Uri url, string connectionString, int shards, List<ServerProcess> processes)
    {
        using var http = new HttpClient { BaseAddress = url };

        // Compilation and the first growth of heaps are not the state that is to stay level.
        await RunAsync(http, connectionString, WarmUp, _ => { });
        var memory = processes.ConvertAll(_ => new List<double>());
        var (seconds, stored) = await RunAsync(http, connectionString, shards, committed =>
        {
            for (var i = 0; committed > 0 && i < processes.Count; i++)
            {
                memory[i].Add(ResidentMegabytes(processes[i].Id));
            }
        });
        var slots = Processes * SlotsOfEach;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{shards} shards of 20 ms on {slots} slots in {Processes} processes, one Api, after {WarmUp} to warm up: {seconds:F1} s, {shards / seconds:F0} committed/s ({stored:F1} s to store the job; the slots alone would take {shards * 0.02 / slots:F1} s)"));
        for (var i = 0; i < processes.Count; i++)
        {
            var tenth = Math.Max(1, memory[i].Count / 10);
            var (first, last) = (memory[i].Take(tenth).Average(), memory[i].TakeLast(tenth).Average());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(i == 0 ? "api" : $"worker {i}"),-9} resident MB: first tenth {first:F0}, last tenth {last:F0} ({(last / first) - 1:+0.0 %;-0.0 %}), most {memory[i].Max():F0}"));
        }
    }

    /// <summary>Runs a job, looking at it twice a second; seconds of work, and seconds that it took to store the job.</summary>
    private static async Task<(double Seconds, double Stored)> RunAsync(HttpClient http, string connectionString, int shards, Action<long> look)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await http.PostAsJsonAsync("/api/v1/jobs", new { kind = "simulated", name = "fleet", shards, milliseconds = 20 });
        answer.EnsureSuccessStatusCode();
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        var stored = watch.Elapsed.TotalSeconds;
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var query = database.CreateCommand($"SELECT state, (SELECT sum(committed) FROM phases WHERE job = '{id}') FROM jobs WHERE id = '{id}'");
        for (var state = "running"; state is not ("succeeded" or "failed"); await timer.WaitForNextTickAsync())
        {
            await using var row = await query.ExecuteReaderAsync();
            await row.ReadAsync();
            state = row.GetString(0);
            look(row.GetInt64(1));
        }

        return (watch.Elapsed.TotalSeconds - stored, stored);
    }

    private static double ResidentMegabytes(int process) =>
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1] is var kilobytes
            ? double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024
            : 0;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
