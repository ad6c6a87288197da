using System.Diagnostics;
using System.Globalization;
using Orchestrator.Domain.Jobs;
using Orchestrator.Persistence;

namespace Orchestrator.Bench.ControlPlane;

/// <summary>What the database alone takes: every shard granted and committed by the store's own statements, with nobody between.</summary>
internal static class BareStore
{
    private const int Callers = 4;
    private const int Batch = 256;

    public static async Task MeasureAsync(IJobStore store, int shards)
    {
        var id = JobId.Create("bare");
        var specs = Enumerable.Range(0, shards).Select(i => new ShardSpec(i, "{}")).ToList();
        await store.CreateJobAsync(new NewJob(id, "noop", "bare", "default", 3, "{}", id.Value, null, null, [], [], "work", specs), CancellationToken.None);
        var job = (await store.GetJobAsync(id, CancellationToken.None))!;
        await store.TryChangeAsync(new JobChange(id, job.Version, JobState.Running, null, []), CancellationToken.None);
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => WorkAsync(store, id, Enumerable.Range(0, shards).Where(i => i % Callers == caller).Chunk(Batch)))));
        var seconds = watch.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the store alone, {Callers} callers, batches of {Batch}: {shards / seconds:F0} shards granted and committed a second"));
    }

    private static async Task WorkAsync(IJobStore store, JobId id, IEnumerable<int[]> batches)
    {
        IReadOnlyList<Completion> done = [];
        foreach (var batch in batches.Append([]))
        {
            var keys = batch.Select(i => new LeaseKey(new ShardKey(id, "work", i), 1)).ToArray();
            await store.ApplyAsync(new ShardBatch(done, [], [.. keys.Select(key => new LeaseGrant(key, "bare", "S127.0.0.1:1:1"))]), CancellationToken.None);
            done = [.. keys.Select(key => new Completion(key, new ShardOutput("{}", new string('0', 64), new Dictionary<string, long> { ["done"] = 1 })))];
        }
    }
}
