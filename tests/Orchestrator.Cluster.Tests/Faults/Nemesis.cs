using System.Globalization;
using Npgsql;
using Orchestrator.Domain.Jobs;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Cluster.Tests.Faults;

/// <summary>One fault: what happens, and for how long where it lasts.</summary>
internal sealed record Fault(string Name, TimeSpan Lasts, int Pick)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}{(Lasts > TimeSpan.Zero ? $" {Lasts.TotalSeconds:F1} s" : "")}");
}

/// <summary>Draws faults from a seed and does them to a cluster, one after another.</summary>
internal sealed class Nemesis(FaultCluster cluster)
{
    /// <summary>Names with weights, and the longest that each lasts in seconds (0: a moment).</summary>
    private static readonly (string Name, int Weight, double Longest)[] Kinds =
    [
        ("kill-worker", 5, 0), ("hang-worker", 4, 16), ("drain-worker", 2, 0), ("kill-job-host", 3, 0), ("hang-api", 2, 16), ("stop-api", 2, 0),
        ("kill-all-apis", 2, 0), ("postgres-crash", 2, 0), ("postgres-down", 2, 4), ("postgres-stall", 2, 6), ("postgres-lock", 2, 4),
        ("disk-full", 2, 3), ("storage-fails", 2, 3), ("storage-slow", 2, 4), ("cable-cut", 3, 16),
    ];

    /// <summary>Faults that this machine cannot have, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Impossible { get; } = Reasons(cluster);

    /// <summary>The schedule of a seed: the same on every machine that can have the same faults.</summary>
    public IReadOnlyList<Fault> Schedule(long seed, int count)
    {
        var chance = SeededStream.For(seed, "nemesis");
        var kinds = Kinds.Where(kind => !Impossible.ContainsKey(kind.Name)).ToArray();
        var faults = new List<Fault>();
        while (faults.Count < count)
        {
            var at = chance.NextInt32(kinds.Sum(kind => kind.Weight));
            var kind = kinds.First(kind => (at -= kind.Weight) < 0);
            faults.Add(new Fault(kind.Name, TimeSpan.FromSeconds(kind.Longest * (0.2 + (0.8 * chance.NextDouble()))), chance.NextInt32(1 << 20)));
        }

        return faults;
    }

    /// <summary>Does a fault and takes it back again. A sentence where the product answered it wrongly, else null.</summary>
    public async Task<string?> DoAsync(Fault fault, JobId job)
    {
        var worker = cluster.Workers[fault.Pick % cluster.Workers.Count];
        var api = cluster.Apis[fault.Pick % cluster.Apis.Count];
        switch (fault.Name)
        {
            case "kill-worker":
                await worker.Process.KillAsync();
                return null;
            case "hang-worker":
                return await HangAsync(worker, fault.Lasts);
            case "drain-worker":
                return await StopAsync(worker);
            case "kill-job-host":
                await cluster.HostOf(job).Process.KillAsync();
                return null;
            case "hang-api":
                return await HangAsync(api, fault.Lasts);
            case "stop-api":
                return await StopAsync(api);
            case "kill-all-apis":
                await Task.WhenAll(cluster.Apis.Select(each => each.Process.KillAsync()));
                return null;
            case "postgres-crash":
                await cluster.Postgres.CrashAsync();
                await cluster.Postgres.RestartAsync();
                return null;
            case "postgres-down":
                await cluster.Postgres.CrashAsync();
                await Wait.ForAsync(fault.Lasts);
                await cluster.Postgres.RestartAsync();
                return null;
            case "postgres-stall":
                cluster.Postgres.Suspend(true);
                await Wait.ForAsync(fault.Lasts);
                cluster.Postgres.Suspend(false);
                return null;
            case "postgres-lock":
                await LockAsync(fault.Lasts);
                return null;
            case "disk-full":
                cluster.Disk.Fill();
                await Wait.ForAsync(fault.Lasts);
                cluster.Disk.Free();
                return null;
            case "storage-fails":
                await SwitchAsync("storage-fails", "", fault.Lasts);
                return null;
            case "storage-slow":
                await SwitchAsync("storage-slow", "500", fault.Lasts);
                return null;
            default:
                await cluster.Cable!.CutAsync(cut: true);
                await Wait.ForAsync(fault.Lasts);
                await cluster.Cable.CutAsync(cut: false);
                return null;
        }
    }

    private static Dictionary<string, string> Reasons(FaultCluster cluster)
    {
        var reasons = new Dictionary<string, string>();
        if (!cluster.Disk.CanFill)
        {
            reasons["disk-full"] = "a small file system can only be mounted by root";
        }

        if (cluster.Cable is null)
        {
            reasons["cable-cut"] = cluster.WhyNoCable!;
        }

        return reasons;
    }

    private static async Task<string?> HangAsync(Member member, TimeSpan lasts)
    {
        var process = member.Process;
        process.Suspend(true);
        await Wait.ForAsync(lasts);
        process.Suspend(false);
        return null;
    }

    /// <summary>A process that is told to end does so by itself, with 0, unless the cluster had given it up before.</summary>
    private static async Task<string?> StopAsync(Member member)
    {
        var process = member.Process;
        if (process.HasExited)
        {
            // Killed by the fault before, and not started again yet: there is nobody to tell.
            return null;
        }

        if (!process.Listening.IsCompletedSuccessfully)
        {
            // Not up yet after the fault before: the same as killing it.
            await process.KillAsync();
            return null;
        }

        var code = await process.TerminateAsync();
        return code == 0 || process.Log.Contains("told I am dead", StringComparison.OrdinalIgnoreCase)
            ? null
            : $"{member.Name} was told to end and did so with {code}: {string.Join(" | ", process.Log.Split('\n').TakeLast(8))}";
    }

    private async Task LockAsync(TimeSpan lasts)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var take = new NpgsqlCommand("LOCK TABLE shards IN ACCESS EXCLUSIVE MODE", connection);
        await take.ExecuteNonQueryAsync();
        await Wait.ForAsync(lasts);
        await transaction.RollbackAsync();
    }

    private async Task SwitchAsync(string name, string content, TimeSpan lasts)
    {
        var file = Path.Combine(cluster.Switches, name);
        await File.WriteAllTextAsync(file, content);
        await Wait.ForAsync(lasts);
        File.Delete(file);
    }
}
