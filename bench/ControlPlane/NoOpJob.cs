using System.Diagnostics;
using Orchestrator.Contracts.Jobs;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Bench.ControlPlane;

/// <summary>Runs a job of shards that do nothing.</summary>
internal static class NoOpJob
{
    /// <summary>Seconds from storing the job to its end, every shard committed.</summary>
    public static async Task<double> MeasureAsync(IJobStore store, IGrainFactory grains, int shards)
    {
        var id = JobId.Create("bench");
        var specs = Enumerable.Range(0, shards).Select(i => new ShardSpec(i, "{}")).ToList();
        var watch = Stopwatch.StartNew();
        await store.CreateJobAsync(new NewJob(id, NoOpPlan.KindName, "bench", "default", 3, "{}", id.Value, null, null, [], [], NoOpPlan.Phase, specs), CancellationToken.None);
        await grains.GetGrain<IJobGrain>(id.Value).EnsureAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((await store.GetJobAsync(id, CancellationToken.None))!.State is var state && !state.IsTerminal())
        {
            await timer.WaitForNextTickAsync();
        }

        var seconds = watch.Elapsed.TotalSeconds;
        var counts = await store.CountAsync(id, CancellationToken.None);
        if (counts[0].Committed != shards)
        {
            throw new InvalidOperationException($"{counts[0].Committed} of {shards} shards committed.");
        }

        return seconds;
    }
}
