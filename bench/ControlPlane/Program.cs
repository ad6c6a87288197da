using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Bench.ControlPlane;
using Orchestrator.Persistence;

// Shards per second through the whole control plane (store, job grain, dispatcher grain, exchange, worker agent, slots) with
// work that does nothing. Usage: ControlPlane [sqlite | "Host=...;Database=..."] [sizes, default 1000,10000,100000]
//                              ControlPlane fleet "Host=...;Database=..." [shards, default 100000]: processes, as in a cluster
if (args is ["fleet", var database, .. var more])
{
    var shards = more.Length > 0 ? int.Parse(more[0], CultureInfo.InvariantCulture) : 100_000;
    await using var bare = JobStores.Create(new JobStoreOptions { Provider = JobStoreProvider.Postgres, ConnectionString = database }, TimeProvider.System);
    await bare.InitializeAsync(CancellationToken.None);
    await BareStore.MeasureAsync(bare, shards);
    await Fleet.RunAsync(database, shards);
    return;
}

var target = args.Length > 0 ? args[0] : "sqlite";
var sizes = (args.Length > 1 ? args[1] : "1000,10000,100000").Split(',').Select(s => int.Parse(s, CultureInfo.InvariantCulture)).ToList();
var folder = Directory.CreateTempSubdirectory("bench-control-").FullName;
var options = target == "sqlite"
    ? new JobStoreOptions { Provider = JobStoreProvider.Sqlite, ConnectionString = $"Data Source={Path.Combine(folder, "bench.db")}" }
    : new JobStoreOptions { Provider = JobStoreProvider.Postgres, ConnectionString = target };

await using var app = BenchServer.Build(options);
var store = app.Services.GetRequiredService<IJobStore>();
await store.InitializeAsync(CancellationToken.None);
await app.StartAsync();
var grains = app.Services.GetRequiredService<IGrainFactory>();

Console.WriteLine($"store {options.Provider}, {Environment.ProcessorCount} cores");
Console.WriteLine("shards      seconds   shards/s   us/shard   cost per shard vs first size");
await NoOpJob.MeasureAsync(store, grains, 500); // warm-up: JIT, connections, grain activations
double? first = null;
foreach (var size in sizes)
{
    var seconds = await NoOpJob.MeasureAsync(store, grains, size);
    var each = seconds / size * 1e6;
    first ??= each;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{size,-9} {seconds,9:F2} {size / seconds,10:F0} {each,10:F0} {each / first,10:F2}"));
}

await app.StopAsync();
Directory.Delete(folder, recursive: true);
