using System.Diagnostics;
using Orchestrator.Grains.Tests.Support;

namespace Orchestrator.Grains.Tests.Dispatch;

public class ManyShardsTests(ITestOutputHelper output)
{
    [Fact(Timeout = 120_000)]
    public async Task FiveThousandNoOpShards_FourWorkers_EachCommittedOnce()
    {
        const int shards = 5_000;
        await using var cluster = await ControlCluster.StartAsync(workerSilos: 2);
        var job = await cluster.SubmitAsync(shards);
        var end = cluster.Store.WhenStateAsync(job, "succeeded");
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => cluster.Worker($"w{i}", 1 + (i % 2)).WorkUntilAsync(end, 64)));
        output.WriteLine($"{shards / clock.Elapsed.TotalSeconds:F0} shards/s, {clock.ElapsedMilliseconds} ms");

        var phase = (await cluster.Store.CountAsync(job, CancellationToken.None)).Single(count => count.Phase == "first");
        Assert.Equal((shards, (long)shards), (phase.Committed, phase.Tally["read"]));
        var rows = await cluster.Store.LoadLedgerAsync(job, "first", CancellationToken.None);
        Assert.All(rows, row => Assert.Equal(1, row.Attempt));
        var views = await cluster.Dispatcher.GetWorkersAsync();
        Assert.Equal(shards + 1, views.Sum(view => view.Committed));
    }
}
